# Three heat exchangers in series, least total area
# (Avriel, Williams 1971; problem 106 of Hock, Schittkowski 1981, g10 of the CEC 2006 set)
# best known: f = 7049.248 at
# x = (579.3067, 1359.9707, 5109.9707, 182.0177, 295.6012, 217.9823, 286.4165, 395.6012)

MAX_EVALS = 3000
LOWER = [100.0] + [1000.0] * 2 + [10.0] * 5
UPPER = [10000.0] * 3 + [1000.0] * 5

# x = areas of the exchangers, then temperatures
objective = lambda x: sum(x[:3])

heat = lambda x: [0.0025 * (x[3] + x[5]) - 1, 0.0025 * (x[4] + x[6] - x[3]) - 1, 0.01 * (x[7] - x[4]) - 1]
area = lambda x: [
    (100 * x[0] - x[0] * x[5] + 833.33252 * x[3] - 83333.333) / 1e5,
    (x[1] * x[3] - x[1] * x[6] - 1250 * x[3] + 1250 * x[4]) / 1e5,
    (x[2] * x[4] - x[2] * x[7] - 2500 * x[4] + 1250000) / 1e5,
]
inequality = lambda x: heat(x) + area(x)
