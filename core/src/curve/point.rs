//! Points of y^2 = x^3 + 7, affine and in XYZZ coordinates.
//!
//! XYZZ: x = X / ZZ, y = Y / ZZZ, ZZ^3 = ZZZ^2; infinity is ZZ = 0. Formulas and their names are
//! those of the Explicit-Formulas Database, "XYZZ coordinates for short Weierstrass curves", with
//! a = 0. The group has prime order, so no point but infinity has y = 0 and doubling has no
//! exceptions.

use super::field::FieldElement;

/// A point that is not infinity.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Affine {
    pub(super) x: FieldElement,
    pub(super) y: FieldElement,
}

#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Xyzz {
    pub(super) x: FieldElement,
    pub(super) y: FieldElement,
    pub(super) zz: FieldElement,
    pub(super) zzz: FieldElement,
}

impl Affine {
    /// SEC 2, section 2.4.1.
    #[cfg(test)]
    pub(super) const GENERATOR: Self = Self {
        x: FieldElement::from_words([
            0x79be_667e_f9dc_bbac,
            0x55a0_6295_ce87_0b07,
            0x029b_fcdb_2dce_28d9,
            0x59f2_815b_16f8_1798,
        ]),
        y: FieldElement::from_words([
            0x483a_da77_26a3_c465,
            0x5da4_fbfc_0e11_08a8,
            0xfd17_b448_a685_5419,
            0x9c47_d08f_fb10_d4b8,
        ]),
    };

    /// Zero, which is not on the curve: what a table holds before it is filled or selected.
    pub(super) const UNSET: Self = Self { x: FieldElement::ZERO, y: FieldElement::ZERO };

    /// The limbs of x and of y.
    pub(super) const fn from_limbs(limbs: &[u64; 8]) -> Self {
        let [x0, x1, x2, x3, y0, y1, y2, y3] = *limbs;
        Self {
            x: FieldElement::from_limbs([x0, x1, x2, x3]),
            y: FieldElement::from_limbs([y0, y1, y2, y3]),
        }
    }

    #[inline(always)]
    pub(super) const fn limbs(&self) -> [u64; 8] {
        let ([x0, x1, x2, x3], [y0, y1, y2, y3]) = (self.x.limbs(), self.y.limbs());
        [x0, x1, x2, x3, y0, y1, y2, y3]
    }

    /// The point with this x and the parity of y, if x is on the curve.
    pub(super) fn lift_x_vartime(x: FieldElement, y_is_odd: bool) -> Option<Self> {
        let y = x.square().mul(x).add(FieldElement::from_small(7)).sqrt_vartime()?;
        Some(Self { x, y: if y.is_odd() == y_is_odd { y } else { y.negate() } })
    }

    /// Reads x and y below p, on the curve.
    pub(super) fn from_coordinates_vartime(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let (x, y) = (FieldElement::from_be_bytes(x)?, FieldElement::from_be_bytes(y)?);
        let right = x.square().mul(x).add(FieldElement::from_small(7));
        y.square().sub(right).is_zero().then_some(Self { x, y })
    }

    /// SEC 1 uncompressed.
    pub(super) fn to_bytes(self) -> [u8; 65] {
        let mut bytes = [4; 65];
        bytes[1..33].copy_from_slice(&self.x.to_be_bytes());
        bytes[33..].copy_from_slice(&self.y.to_be_bytes());
        bytes
    }

    /// `(x Z^2, y Z^3)`.
    pub(super) fn scaled_up(self, z: FieldElement) -> Self {
        let zz = z.square();
        Self { x: self.x.mul(zz), y: self.y.mul(zz.mul(z)) }
    }

    /// The sum of points with unlike x, given 1 / (x2 - x1): the third point on their line, mirrored.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) const fn add_unlike(&self, other: &Self, inverse: FieldElement) -> Self {
        let slope = other.y.sub(self.y).mul(inverse);
        let x = slope.square().sub(self.x).sub(other.x);
        Self { x, y: slope.mul(self.x.sub(x)).sub(self.y) }
    }

    /// The sum of points with unlike x, by mmadd-2008-s.
    #[inline(always)]
    pub(super) fn sum_unlike(&self, other: &Self) -> Xyzz {
        let p = other.x.sub(self.x);
        debug_assert!(!p.is_zero());
        let r = other.y.sub(self.y);
        let pp = p.square();
        let ppp = p.mul(pp);
        let q = self.x.mul(pp);
        let x = r.square().sub(ppp).sub(q.double());
        let y = r.mul_sub(q.sub(x), self.y, ppp);
        Xyzz { x, y, zz: pp, zzz: ppp }
    }

    /// mdbl-2008-s-1.
    const fn double(&self) -> Xyzz {
        let u = self.y.double();
        let v = u.square();
        let w = u.mul(v);
        let s = self.x.mul(v);
        let xx = self.x.square();
        let m = xx.double().add(xx);
        let x = m.square().sub(s.double());
        let y = m.mul_sub(s.sub(x), w, self.y);
        Xyzz { x, y, zz: v, zzz: w }
    }
}

impl Xyzz {
    pub(super) const INFINITY: Self = Self {
        x: FieldElement::ONE,
        y: FieldElement::ONE,
        zz: FieldElement::ZERO,
        zzz: FieldElement::ZERO,
    };

    pub(super) const fn from_affine(point: &Affine) -> Self {
        Self { x: point.x, y: point.y, zz: FieldElement::ONE, zzz: FieldElement::ONE }
    }

    #[inline(always)]
    pub(super) const fn is_infinity(&self) -> bool {
        self.zz.is_zero_vartime()
    }

    /// dbl-2008-s-1, which is the affine formula times ZZ and ZZZ; infinity gives infinity.
    pub(super) const fn double(&self) -> Self {
        let Self { x, y, zz, zzz } = Affine { x: self.x, y: self.y }.double();
        Self { x, y, zz: zz.mul(self.zz), zzz: zzz.mul(self.zzz) }
    }

    /// The sum by madd-2008-s, and p = 0 and r = 0 of that formula, as masks.
    ///
    /// Right where p is not zero and `self` is not infinity. If p is zero the points have the same
    /// x: r is zero too if they are equal, else they are inverse.
    #[cfg_attr(not(debug_assertions), inline(always))]
    const fn add_parts(&self, other: &Affine) -> (Self, FieldElement, FieldElement) {
        let p = other.x.mul(self.zz).sub(self.x);
        let r = other.y.mul(self.zzz).sub(self.y);
        let pp = p.square();
        let ppp = p.mul(pp);
        let q = self.x.mul(pp);
        let x = r.square().sub(ppp).sub(q.double());
        let y = r.mul_sub(q.sub(x), self.y, ppp);
        (Self { x, y, zz: self.zz.mul(pp), zzz: self.zzz.mul(ppp) }, p, r)
    }

    /// The sum of points that are known to be neither equal nor inverse, nor `self` infinity.
    #[inline(always)]
    pub(super) const fn add_unlike(&self, other: &Affine) -> Self {
        let (sum, p, _) = self.add_parts(other);
        debug_assert!(!p.is_zero() && !self.is_infinity());
        sum
    }

    /// The sum of any two points.
    #[inline(always)]
    pub(super) fn add_vartime(&self, other: &Affine) -> Self {
        if self.is_infinity() {
            return Self::from_affine(other);
        }
        let (sum, p, r) = self.add_parts(other);
        if p.is_zero_vartime() {
            return if r.is_zero() { other.double() } else { Self::INFINITY };
        }
        sum
    }

    /// The affine form of a point that is not infinity, in constant time.
    pub(super) fn to_affine(self) -> Affine {
        self.scaled(self.zzz.invert())
    }

    /// The affine form, `None` for infinity.
    pub(super) fn to_affine_vartime(self) -> Option<Affine> {
        (!self.is_infinity()).then(|| self.scaled(self.zzz.invert_vartime()))
    }

    /// The affine form, given 1 / ZZZ. ZZ / ZZZ is 1 / Z, whose square is 1 / ZZ.
    pub(super) const fn scaled(&self, inverse: FieldElement) -> Affine {
        let z_inverse = inverse.mul(self.zz);
        Affine { x: self.x.mul(z_inverse.square()), y: self.y.mul(inverse) }
    }

    pub(super) fn wipe(&mut self) {
        for secret in [&mut self.x, &mut self.y, &mut self.zz, &mut self.zzz] {
            secret.wipe();
        }
    }
}
