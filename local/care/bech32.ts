/** Bech32 (BIP 173), as keys of age are written: `age1…` and `AGE-SECRET-KEY-1…`. */

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const generator = [0x3b_6a_57_b2, 0x26_50_8e_6d, 0x1e_a1_19_fa, 0x3d_42_33_dd, 0x2a_14_62_b3]
const checkLength = 6

function checksum(values: readonly number[]): number {
  let sum = 1
  for (const value of values) {
    const top = sum >>> 25
    sum = ((sum & 0x1_ff_ff_ff) << 5) ^ value
    for (const [bit, term] of generator.entries()) if ((top >>> bit) & 1) sum ^= term
  }
  return sum >>> 0
}

const spread = (prefix: string): number[] => {
  const codes = [...prefix].map((letter) => letter.codePointAt(0)!)
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
}

/** The bytes of groups of five bits; undefined where what is left over is not nothing. */
function bytesOf(groups: readonly number[]): Buffer | undefined {
  const bytes: number[] = []
  let held = 0
  let bits = 0
  for (const group of groups) {
    held = ((held << 5) | group) & 0xf_ff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 255)
  }
  return bits >= 5 || (held & ((1 << bits) - 1)) !== 0 ? undefined : Buffer.from(bytes)
}

/** What a text with this prefix (in lower case) says; undefined for whatever was mistyped. In one case throughout. */
export function bech32(text: string, prefix: string): Buffer | undefined {
  const lower = text.toLowerCase()
  if ((text !== lower && text !== text.toUpperCase()) || !lower.startsWith(`${prefix}1`)) return undefined
  const groups = Array.from(lower.slice(prefix.length + 1), (letter) => alphabet.indexOf(letter))
  if (groups.length < checkLength || groups.includes(-1)) return undefined
  if (checksum([...spread(prefix), ...groups]) !== 1) return undefined
  return bytesOf(groups.slice(0, -checkLength))
}
