//! `math.Pow` as Go computes it on amd64: it differs from libm's `pow` in the last bit for some inputs.

/// `math.Pow(x, y)`.
#[must_use]
pub fn pow(x: f64, y: f64) -> f64 {
    special_case(x, y).unwrap_or_else(|| pow_finite(x, y))
}

/// The cases that Go decides before it computes anything.
fn special_case(x: f64, y: f64) -> Option<f64> {
    if y == 0.0 || x == 1.0 {
        return Some(1.0);
    }
    if y == 1.0 {
        return Some(x);
    }
    if x.is_nan() || y.is_nan() {
        return Some(f64::NAN);
    }
    if x == 0.0 {
        let size = if y < 0.0 { f64::INFINITY } else { 0.0 };
        return Some(if is_odd(y) { size.copysign(x) } else { size });
    }
    if y.is_infinite() {
        return Some(infinite_exponent(x, y > 0.0));
    }
    if x == f64::NEG_INFINITY {
        return Some(pow(-0.0, -y));
    }
    if x == f64::INFINITY {
        return Some(if y < 0.0 { 0.0 } else { f64::INFINITY });
    }
    if y == 0.5 {
        return Some(x.sqrt());
    }
    (y == -0.5).then(|| 1.0 / x.sqrt())
}

/// The limit of `x` to ever larger (`grows`) or ever smaller even exponents.
fn infinite_exponent(x: f64, grows: bool) -> f64 {
    if x == -1.0 {
        1.0
    } else if (x.abs() < 1.0) == grows {
        0.0
    } else {
        f64::INFINITY
    }
}

fn is_odd(y: f64) -> bool {
    // From 2^53 on every float is even.
    y.abs() < 9_007_199_254_740_992.0 && y.fract() == 0.0 && (y as i64) % 2 != 0
}

/// `x` to a finite exponent: the whole part by squaring, the fraction through `exp` and `log`.
fn pow_finite(x: f64, y: f64) -> f64 {
    let mut whole = y.abs().trunc();
    let mut fraction = y.abs().fract();
    if fraction != 0.0 && x < 0.0 {
        return f64::NAN;
    }
    if whole >= 9_223_372_036_854_775_808.0 {
        return infinite_exponent(x, y > 0.0);
    }
    let mut result = 1.0;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        result = exp(fraction * log(x));
    }
    // The answer is `result * 2^exponent`: kept apart so that no step overflows.
    let mut exponent = 0_i64;
    let (mut square, mut square_exponent) = frexp(x);
    let mut rest = whole as i64;
    while rest != 0 {
        if !(-4096..=4096).contains(&square_exponent) {
            // Far out of range whatever follows.
            exponent += square_exponent;
            break;
        }
        if rest & 1 == 1 {
            result *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent <<= 1;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        rest >>= 1;
    }
    if y < 0.0 {
        result = 1.0 / result;
        exponent = -exponent;
    }
    ldexp(result, exponent)
}

/// `f` as a fraction in [0.5, 1) and a power of two, for a finite `f` other than 0.
fn frexp(f: f64) -> (f64, i64) {
    let (f, shift) = if f.abs() < f64::MIN_POSITIVE { (f * TWO_52, -52) } else { (f, 0) };
    let bits = f.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64 - 1022;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent + shift)
}

const TWO_52: f64 = 4_503_599_627_370_496.0;

/// `fraction * 2^exponent`, rounded once.
pub(super) fn ldexp(fraction: f64, exponent: i64) -> f64 {
    if fraction == 0.0 || !fraction.is_finite() {
        return fraction;
    }
    let (fraction, own) = frexp(fraction);
    let exponent = exponent.saturating_add(own);
    if exponent < -1080 {
        return 0.0_f64.copysign(fraction);
    }
    if exponent > 1024 {
        return f64::INFINITY.copysign(fraction);
    }
    let power = |e: i64| f64::from_bits(((e + 1023) as u64) << 52);
    // Only the second product can round, when the result is below the normal range.
    if exponent < -1021 {
        fraction * power(exponent + 100) * power(-100)
    } else {
        fraction * 2.0 * power(exponent - 1)
    }
}

/// `math.Exp`: Shibata's method, the argument cut to a sixteenth, with fused multiplications as on every
/// amd64 processor since 2013.
fn exp(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.693_147_180_559_662_956_511_601_805_686_950_683_593_75;
    const LN2_LOW: f64 = 0.282_352_905_630_315_771_225_884_481_750_134_360_255_254_120_68e-12;
    /// 1/8! down to 1/1!.
    const SERIES: [f64; 8] =
        [1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    if !x.is_finite() {
        return if x == f64::NEG_INFINITY { 0.0 } else { x };
    }
    if x > 7.097_827_128_933_84e+02 {
        return f64::INFINITY;
    }
    let exponent = (x * std::f64::consts::LOG2_E).round_ties_even();
    let rest = (-LN2_LOW).mul_add(exponent, (-LN2_HIGH).mul_add(exponent, x)) * 0.0625;
    let series = SERIES[1..].iter().fold(SERIES[0], |sum, &term| sum.mul_add(rest, term));
    // (1+y)^16 - 1 by four squarings: y*(y+2) is (1+y)^2 - 1.
    let mut y = rest * series;
    for _ in 0..3 {
        y *= y + 2.0;
    }
    ldexp(y.mul_add(y + 2.0, 1.0), exponent as i64)
}

/// `math.Log` of a positive finite number: FreeBSD's method.
fn log(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const L1: f64 = 6.666_666_666_666_735e-1;
    const L2: f64 = 3.999_999_999_940_942e-1;
    const L3: f64 = 2.857_142_874_366_239e-1;
    const L4: f64 = 2.222_219_843_214_978_4e-1;
    const L5: f64 = 1.818_357_216_161_805e-1;
    const L6: f64 = 1.531_383_769_920_937_3e-1;
    const L7: f64 = 1.479_819_860_511_658_6e-1;
    let (mut f, mut exponent) = frexp(x);
    if f < std::f64::consts::FRAC_1_SQRT_2 {
        f *= 2.0;
        exponent -= 1;
    }
    let f = f - 1.0;
    let k = exponent as f64;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
    let even = s4 * (L2 + s4 * (L4 + s4 * L6));
    let half = 0.5 * f * f;
    k * LN2_HIGH - ((half - (s * (half + (odd + even)) + k * LN2_LOW)) - f)
}

#[cfg(test)]
mod tests {
    use super::pow;

    /// Answers of Go 1.26 on amd64.
    #[test]
    fn agrees_with_go() {
        let inf = f64::INFINITY;
        let table: &[(f64, f64, f64)] = &[
            (2.0, 0.5, std::f64::consts::SQRT_2),
            (0.5, -0.5, f64::from_bits(std::f64::consts::SQRT_2.to_bits() - 1)),
            (2.0, 3.0, 8.0),
            (2.0, -1.0, 0.5),
            (-2.0, 3.0, -8.0),
            (2.0, 1e3, 2f64.powi(1000)),
            (2.0, 1025.0, inf),
            (-2.0, 1025.0, -inf),
            (2.0, -1074.0, 5e-324),
            (0.0, -1.0, inf),
            (-0.0, -3.0, -inf),
            (-0.0, -2.0, inf),
            (-1.0, inf, 1.0),
            (0.5, inf, 0.0),
            (-inf, 3.0, -inf),
            (-inf, -2.0, 0.0),
            (1.5, 1e19, inf),
        ];
        for &(x, y, expected) in table {
            assert_eq!(pow(x, y), expected, "{x} ** {y}");
        }
        assert!(pow(-8.0, 1.0 / 3.0).is_nan());
        assert_eq!(pow(f64::NAN, 0.0), 1.0);
    }
}
