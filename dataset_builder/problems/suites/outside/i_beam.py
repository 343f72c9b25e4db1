# Vertical deflection of an I-beam: height, flange width, web and flange thickness
LOWER = [10, 10, 0.9, 0.9]
UPPER = [80, 50, 5, 5]
MAX_EVALS = 800


def objective(x):
    h, b, tw, tf = x
    return 5000 / (tw * (h - 2 * tf) ** 3 / 12 + b * tf**3 / 6 + 2 * b * tf * ((h - tf) / 2) ** 2)


def inequality(x):
    h, b, tw, tf = x
    web = h - 2 * tf
    area = 2 * b * tf + tw * web
    stress = 180000 * h / (tw * web**3 + 2 * b * tf * (4 * tf**2 + 3 * h * web))
    stress += 15000 * b / (web * tw**3 + 2 * tf * b**3)
    return [area - 300, stress - 6]


SOURCE = "Gold, Krishnamurty 1997, ASME DETC; deflection of an I-beam"
F_STAR = 0.0130741189
