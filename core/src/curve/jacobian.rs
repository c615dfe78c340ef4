//! Points in Jacobian coordinates, x = X / Z^2 and y = Y / Z^3, infinity being Z = 0: cheaper to
//! double than XYZZ, a little dearer to add. For public points only.

use super::field::FieldElement;
use super::point::{Affine, Xyzz};

#[derive(Clone, Copy)]
pub(super) struct Jacobian {
    pub(super) x: FieldElement,
    pub(super) y: FieldElement,
    pub(super) z: FieldElement,
}

impl Jacobian {
    pub(super) const INFINITY: Self =
        Self { x: FieldElement::ONE, y: FieldElement::ONE, z: FieldElement::ZERO };

    pub(super) const fn from_affine(point: &Affine) -> Self {
        Self { x: point.x, y: point.y, z: FieldElement::ONE }
    }

    pub(super) fn to_xyzz(self) -> Xyzz {
        let zz = self.z.square();
        Xyzz { x: self.x, y: self.y, zz, zzz: zz.mul(self.z) }
    }

    /// With the slope 3 x^2 / 2 y = L / (Y Z), L = 3/2 X^2: the usual formula over 4, as in
    /// libsecp256k1. Infinity gives infinity.
    #[inline(always)]
    pub(super) fn double(&self) -> Self {
        let xx = self.x.square();
        let l = xx.add(xx.half());
        let yy = self.y.square();
        let t = self.x.mul(yy);
        let x = l.square().sub(t.double());
        let y = l.mul_sub_square(t.sub(x), yy);
        Self { x, y, z: self.y.mul(self.z) }
    }

    /// The sum, h = 0 and r = 0 of the formula: h is zero if both have the same x, r if they have the
    /// same y.
    #[inline(always)]
    fn add_parts(&self, other: &Affine) -> (Self, FieldElement, FieldElement) {
        let zz = self.z.square();
        let h = other.x.mul(zz).sub(self.x);
        let r = other.y.mul(zz.mul(self.z)).sub(self.y);
        let hh = h.square();
        let hhh = h.mul(hh);
        let v = self.x.mul(hh);
        let x = r.square().sub(hhh).sub(v.double());
        let y = r.mul_sub(v.sub(x), self.y, hhh);
        (Self { x, y, z: self.z.mul(h) }, h, r)
    }

    /// The sum of points that are neither equal nor inverse, nor `self` infinity; and by how much Z
    /// grew. Of others Z is 0, whatever the sum is.
    pub(super) fn add_unlike(&self, other: &Affine) -> (Self, FieldElement) {
        let (sum, h, _) = self.add_parts(other);
        (sum, h)
    }

    /// The sum of any two points.
    #[inline(always)]
    pub(super) fn add_vartime(&self, other: &Affine) -> Self {
        if self.z.is_zero_vartime() {
            return Self::from_affine(other);
        }
        let (sum, h, r) = self.add_parts(other);
        if h.is_zero_vartime() {
            return if r.is_zero() { self.double() } else { Self::INFINITY };
        }
        sum
    }
}
