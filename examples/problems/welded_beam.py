# Welded beam: least cost of a beam that is welded to a support and carries a load at its end.
# Rao, Engineering Optimization; Deb 2000, doi:10.1016/S0045-7825(99)00389-8.
# Best known: f = 1.724852 at x = (0.205730, 3.470489, 9.036624, 0.205730).
from math import sqrt


class WeldedBeam:
    load = 6000.0  # lb
    span = 14.0  # in
    young = 30e6  # psi
    shear = 12e6  # psi
    max_shear_stress = 13600.0  # psi
    max_bending_stress = 30000.0  # psi
    max_deflection = 0.25  # in

    # x: thickness and length of the weld, height and thickness of the bar

    def cost(self, x):
        weld, length, height, thick = x
        return 1.10471 * weld**2 * length + 0.04811 * height * thick * (self.span + length)

    def shear_stress(self, x):
        weld, length, height = x[0], x[1], x[2]
        primary = self.load / (sqrt(2) * weld * length)
        moment = self.load * (self.span + length / 2)
        arm = sqrt(length**2 / 4 + ((weld + height) / 2) ** 2)
        polar = 2 * sqrt(2) * weld * length * (length**2 / 12 + ((weld + height) / 2) ** 2)
        secondary = moment * arm / polar
        return sqrt(primary**2 + primary * secondary * length / arm + secondary**2)

    def buckling_load(self, x):
        height, thick = x[2], x[3]
        slender = height / (2 * self.span) * sqrt(self.young / (4 * self.shear))
        return 4.013 * self.young * height * thick**3 / 6 / self.span**2 * (1 - slender)

    def limits(self, x):
        weld, _, height, thick = x
        g = []
        g.append(self.shear_stress(x) / self.max_shear_stress - 1)
        g.append(6 * self.load * self.span / (thick * height**2) / self.max_bending_stress - 1)
        g.append(weld - thick)
        g.append(0.10471 * weld**2 + 0.04811 * height * thick * (14 + x[1]) - 5)
        g.append(0.125 - weld)
        g.append(4 * self.load * self.span**3 / (self.young * height**3 * thick) - self.max_deflection)
        g.append(1 - self.buckling_load(x) / self.load)
        return g


beam = WeldedBeam()
objective = beam.cost
inequality = beam.limits

BOUNDS = [(0.1, 2.0), (0.1, 10.0), (0.1, 10.0), (0.1, 2.0)]
LOWER = [low for low, high in BOUNDS]
UPPER = [high for low, high in BOUNDS]
MAX_EVALS = 2000
