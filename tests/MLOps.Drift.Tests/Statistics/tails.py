"""Prints the rows of TailsTests.Expected: law, x, degrees of freedom, p, ln p. By integrals of the density to 50 digits: python3 tails.py (mpmath 1.3.0)."""
import mpmath as mp

mp.mp.dps = 60


def integral(log_density, start, scale):
    """From start to infinity, in steps of the scale on which the density falls, until a step adds nothing."""
    total, at, step = mp.mpf(0), start, scale
    while True:
        part = mp.quad(lambda u: mp.exp(log_density(u)), [at, at + step / 2, at + step])
        total += part
        at += step
        if part < total * mp.mpf(10) ** -40:
            return total
        if at - start > 8 * step:
            step *= 2


def normal(z):
    z = mp.mpf(z)
    return mp.erfc(z / mp.sqrt(2)) / 2


def chi_squared(x, df):
    a, x = mp.mpf(df) / 2, mp.mpf(x) / 2
    if df < 2000:
        return mp.gammainc(a, x, regularized=True)
    peak = lambda u: (a - 1) * mp.log(u) - u - mp.loggamma(a)
    shift = peak(x)
    scale = mp.sqrt(a) if x < a + mp.sqrt(a) else 1 / (1 - (a - 1) / x)
    return mp.exp(shift) * integral(lambda u: peak(u) - shift, x, scale)


def student(t, df):
    t, n = mp.mpf(t), mp.mpf(df)
    if df < 2000:
        return mp.betainc(n / 2, mp.mpf(1) / 2, 0, n / (n + t * t), regularized=True) / 2
    log_density = lambda u: -(n + 1) / 2 * mp.log1p(u * u / n)
    shift = log_density(t)
    constant = mp.exp(mp.loggamma((n + 1) / 2) - mp.loggamma(n / 2)) / mp.sqrt(n * mp.pi)
    return constant * mp.exp(shift) * integral(lambda u: log_density(u) - shift, t, 1 / (1 + t))


def row(law, x, df, p):
    small = mp.nstr(p, 20, min_fixed=0, max_fixed=0) if p > mp.mpf(10) ** -307 else "0"
    print(f'        (Law.{law}, {x!r}, {df!r}, {small}, {mp.nstr(mp.log(p), 20)}),')


for z in (0.0, 0.1, 0.5, 1.0, 1.959963984540054, 2.5, 3.0, 5.0, 8.3, 20.0, 30.5, 33.3, 36.71, 36.77, 37.0, 38.7, 200.0, 1e4, 1e8):
    row("Normal", z, 0.0, normal(z))
for x, df in (
    (0.001, 1.0), (0.5, 1.0), (3.841458820694124, 1.0), (30.0, 1.0), (1300.0, 1.0), (1e5, 1.0), (1e-9, 2.0), (0.1, 2.0), (12.0, 2.0), (0.5, 3.0), (7.0, 3.5), (4.35, 5.0), (1e5, 5.0), (2.0, 9.0),
    (9.0, 9.0), (21.0, 9.0), (400.0, 9.0), (60.0, 99.0), (98.5, 99.0), (130.0, 99.0), (900.0, 99.0), (1e6, 99.0), (900.0, 1000.0), (1000.0, 1000.0), (1200.0, 1000.0), (2600.0, 1000.0), (995000.0, 1e6),
    (999999.0, 1e6), (1e6, 1e6), (1003000.0, 1e6), (1010000.0, 1e6), (1200000.0, 1e6), (1e9, 1e9), (1000090000.0, 1e9), (1.002e9, 1e9), (1.000005e12, 1e12),
):
    row("ChiSquared", x, df, chi_squared(x, df))
for t, df in (
    (0.0, 1.0), (0.5, 1.0), (12.7, 1.0), (1e10, 1.0), (1e200, 1.0), (1.0, 1.5), (0.1, 2.0), (4.3, 2.0), (2.571, 5.0), (1e10, 5.0), (1e100, 5.0), (3.0, 7.25), (0.01, 30.0), (2.04, 30.0), (50.0, 30.0), (1e15, 400.0),
    (1.98, 118.7), (40.0, 118.7), (1.96, 1e4), (45.0, 1e4), (5000.0, 1e4), (0.5, 1e6), (6.0, 1e6), (37.0, 1e6), (300.0, 1e6), (5.0, 1e9), (40.0, 1e9), (3.0, 1e12), (200.0, 1e12),
):
    row("Student", t, df, student(t, df))
