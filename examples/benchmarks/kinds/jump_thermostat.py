"""A controller that switches: twenty-four hours of heating, two set points and a width."""


def objective(x):
    low, high, width = x
    temperature, heating, cost = 15.0, False, 0.0
    for step in range(96):
        hour = step / 4
        wanted = high if 7 <= hour < 22 else low
        if temperature < wanted - width:
            heating = True
        elif temperature > wanted + width:
            heating = False
        temperature += 0.25 * ((2.5 if heating else 0.0) - 0.15 * (temperature - 4))
        cost += 0.25 * (0.3 if heating else 0.0) + (0.4 if not heating and wanted - temperature > 2 else 0.0)
        cost += 0.02 * abs(temperature - (21 if 7 <= hour < 22 else 16))
    return cost


LOWER, UPPER, MAX_EVALS = [10, 15, 0.1], [20, 26, 3], 800
