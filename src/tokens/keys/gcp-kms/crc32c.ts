/** CRC-32C (RFC 3720 appendix B.4), with which Cloud KMS and its callers detect corruption in transit. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** A decimal string, as Cloud KMS writes an int64 in JSON. */
export function crc32c(data: Uint8Array): string {
  let value = 0xffffffff;
  for (const byte of data) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return String((value ^ 0xffffffff) >>> 0);
}
