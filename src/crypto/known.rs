//! Signatures that are known to be right, for finding out what a verifier can do.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Algorithm, Curve, PublicKey, SignatureVerifier, Verdict};

/// A signature that is known to be right.
pub(super) struct KnownSignature {
    algorithm: Algorithm,
    pub(super) key: PublicKey,
    pub(super) message: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl KnownSignature {
    /// The known signature of an algorithm that hosts may compute: RFC 7515 A.2 (RS256), A.3 (ES256)
    /// and A.4 (ES512); for RS384 and RS512, the payload of A.2 signed by the key of RFC 7520 §3.4;
    /// for ES384, the same by a key made for this.
    pub(super) fn of(algorithm: Algorithm) -> Option<Self> {
        let (key, payload, signature) = match algorithm {
            Algorithm::Es256 => (ec(Curve::P256, P256)?, PAYLOAD, ES256),
            Algorithm::Es384 => (ec(Curve::P384, P384)?, PAYLOAD, ES384),
            Algorithm::Es512 => (ec(Curve::P521, P521)?, "UGF5bG9hZA", ES512),
            Algorithm::Rs256 => (rsa(RFC_7515_MODULUS)?, PAYLOAD, RS256),
            Algorithm::Rs384 => (rsa(RFC_7520_MODULUS)?, PAYLOAD, RS384),
            Algorithm::Rs512 => (rsa(RFC_7520_MODULUS)?, PAYLOAD, RS512),
            Algorithm::EdDsa
            | Algorithm::Hs256
            | Algorithm::Hs384
            | Algorithm::Hs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => return None,
        };
        let header = format!(r#"{{"alg":"{}"}}"#, algorithm.name());
        let message = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header)).into_bytes();
        Some(Self { algorithm, key, message, signature: decode(signature)? })
    }

    /// Whether a verifier accepts it, and refuses it with one bit changed in message or signature.
    pub(super) fn is_told_apart_by(&self, verifier: &dyn SignatureVerifier) -> bool {
        let verdict = |message: &[u8], signature: &[u8]| {
            verifier.verify(self.algorithm, &self.key, message, signature)
        };
        verdict(&self.message, &self.signature) == Verdict::Valid
            && verdict(&with_bit_changed(&self.message), &self.signature) == Verdict::Invalid
            && verdict(&self.message, &with_bit_changed(&self.signature)) == Verdict::Invalid
    }
}

fn with_bit_changed(bytes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    changed
}

fn ec(curve: Curve, (x, y): (&str, &str)) -> Option<PublicKey> {
    PublicKey::ec(curve, &decode(x)?, &decode(y)?).ok()
}

fn rsa(modulus: &str) -> Option<PublicKey> {
    PublicKey::rsa(&decode(modulus)?, &[1, 0, 1]).ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290\
    Ijp0cnVlfQ";

const P256: (&str, &str) =
    ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");

const ES256: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-\
    Kg6NU1Q";

const P384: (&str, &str) = (
    "9cg3nEqT_KHWEyC48hAiUgWYtMhFsWcPfPUe9HaaSKWhPbSlyOkNo8iQo8wYj__b",
    "6WHnS2RgvlCvBrXjlSp9sA2LtXw9s5-KFg4wMnjRtE2gLsrQB4uTv0vkp4ZKJClh",
);

const ES384: &str = "SOYbQ8WSl8sw1om272X79fkg-LA_x2UAeAaBCdWH_mVqN4RWQ4vGYp8umWb7tLk23sJl8zPhFug9ynTZwUgG\
    9edo3M9DDWbU5g3OvTOVIiGVmABMsorXZkqVhiOTLsFq";

const P521: (&str, &str) = (
    "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
    "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
);

const ES512: &str = "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_\
    7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXo\
    lLzeO_Jn";

const RFC_7515_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-\
    Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-\
    pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-\
    bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-\
    UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-\
    DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

const RS256: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-\
    0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--\
    f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--\
    xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5\
    AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

const RFC_7520_MODULUS: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-\
    XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-\
    QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLY\
    D5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-\
    tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5z\
    w";

const RS384: &str = "fqM01UO4vBj7ZyWQIPlgwOawAOTTAxGBKZSVg3y8tckeCbVQ2D34g1e-c-\
    y71CduCSVCnlSZb9YaKh6Z4sU2aGTSFfuekNiKDLqH5dHDFX9ZRVktzOsvIR2T0ES3ohKQ9gdgj4nq8sRbCN\
    3vuQUmwirclS6GjO33KUiNRk9LCxG5hfA0SPKil7-PQB_hiDW45PchwWOL3Eja6Cp-\
    S3qaSjFfpbdjHsz0OLqERupt1bNR-kQ2TGEoQO6MoUElql11_VZR2fzw8Db_yuHPNScaSgQeGTV-\
    567lhfqMzfpfFw52YruRERJfrletBPIajU8r5uf4RkHCHq3Tc6SlY5s3sg";

const RS512: &str = "HMWFq-kAjAYxb5woq1pGK0VXm8wGSd6BES3GvzDcEnhoSxlVlPn6IMR7QatVsrEjooJxpfLbuEWekBhxi8Cb\
    gyVO7hCodHEbyOefA4iibU1yHSM4pp97rSHD77IZhDgXaihcO_8frtnvYd8DCenrIm6E0rah-_woGZSsVbpR\
    cSX_Q5Hfze5UiTzmir4QclXi7U2nsNWyOfAcwd2B_qj1aPVFkOMvfdTe3kd-\
    5_PJFGdK16Y7XHh_k3vVU0cjRhyylsLfoAbaBgM-\
    rWGTgVQHvccezBdmbPOVKqRZDUtTZXkDTXUCYLdwvHK3u7omV5u903zY-V47D8AXTJybgLXJkA";
