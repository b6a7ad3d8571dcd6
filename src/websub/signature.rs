//! What proves that a body comes from whom it should: an HMAC under a secret that both know (WebSub §8).

use ring::hmac::{Algorithm, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Key, sign, verify};

/// The methods that a hub may sign with (§8), by the names that they have there.
const METHODS: [(&str, Algorithm); 4] =
    [("sha1", HMAC_SHA1_FOR_LEGACY_USE_ONLY), ("sha256", HMAC_SHA256), ("sha384", HMAC_SHA384), ("sha512", HMAC_SHA512)];

/// The value of `X-Hub-Signature` for a body.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex(sign(&Key::new(HMAC_SHA256, secret.as_bytes()), body).as_ref()))
}

/// Whether the value of `X-Hub-Signature` is of this body. It takes the same time for every value of the same length.
pub(super) fn is_signed(secret: &str, body: &[u8], value: &str) -> bool {
    let Some((method, tag)) = value.trim().split_once('=') else { return false };
    let Some((_, method)) = METHODS.into_iter().find(|(name, _)| method.eq_ignore_ascii_case(name)) else { return false };
    bytes(tag).is_some_and(|tag| verify(&Key::new(method, secret.as_bytes()), body, &tag).is_ok())
}

/// A word that nobody can guess who does not have the key, always the same for the same meaning.
pub(super) fn token(key: &str, meaning: &str) -> String {
    hex(&sign(&Key::new(HMAC_SHA256, key.as_bytes()), meaning.as_bytes()).as_ref()[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231, test case 2; RFC 2202, test case 2.
    const TEXT: &[u8] = b"what do ya want for nothing?";
    const SHA256: &str = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const SHA1: &str = "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";

    #[test]
    fn a_body_is_signed_as_the_standard_says() {
        assert_eq!(signature("Jefe", TEXT), SHA256);
    }

    #[test]
    fn only_what_was_signed_with_the_secret_is_believed() {
        let believed = |secret, body: &[u8], value: &str| is_signed(secret, body, value);
        assert!(believed("Jefe", TEXT, SHA256) && believed("Jefe", TEXT, SHA1) && believed("Jefe", TEXT, &SHA256.to_uppercase()));
        let others = [
            "",
            "sha256",
            "sha256=",
            "sha256=5b",
            "md5=5bdc",
            "sha256=zz",
            "sha256=é",
            &SHA256[..70],
            SHA1.strip_prefix("sha1=").unwrap_or(""),
        ];
        assert!(others.iter().all(|value| !believed("Jefe", TEXT, value)));
        assert!(!believed("Chef", TEXT, SHA256) && !believed("Jefe", b"nothing", SHA256));
    }

    #[test]
    fn a_token_is_always_the_same_and_each_has_its_own() {
        assert_eq!((token("key", "a"), token("key", "a").len()), (token("key", "a"), 32));
        assert!(token("key", "a") != token("key", "b") && token("key", "a") != token("other", "a"));
    }
}
