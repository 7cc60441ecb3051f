/** From r||s (RFC 7518 section 3.4), as JWS has it, to ECDSA-Sig-Value in DER (RFC 3279 section 2.2.3), as notes have it. */
export function derSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const body = Buffer.concat([integer(raw.subarray(0, half)), integer(raw.subarray(half))]);
  return Buffer.concat([Uint8Array.of(0x30, body.length), body]);
}

/** INTEGER: without leading zeroes, but with one before a set first bit, so that the number is positive. */
function integer(number: Uint8Array): Uint8Array {
  const first = number.findIndex((byte) => byte !== 0);
  const digits = number.subarray(first < 0 ? number.length - 1 : first);
  const sign = digits[0]! > 0x7f ? [0] : [];
  return Uint8Array.of(0x02, sign.length + digits.length, ...sign, ...digits);
}
