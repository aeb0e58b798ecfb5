/**
 * How deep a JSON text is and of how many values, told from the text alone: the parser takes long for what is deep, and
 * whoever looks at a value for what is many.
 */

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
/** Opening a list or an object, and closing one: `[` and `{`, `]` and `}` differ in one bit. */
const opening = 0x5b
const closing = 0x5d
const bracesToBrackets = ~0x20

export interface Extent {
  /** Lists and objects inside of each other. */
  levels: number
  /** Values in them, themselves included: one for whatever opens and one for each comma, so never fewer than half. */
  values: number
}

/** The place of the quote that closes the text which begins at `from`, or the end of everything. */
function endOfText(json: string, from: number): number {
  for (let at = json.indexOf('"', from); at >= 0; at = json.indexOf('"', at + 1)) {
    let before = at - 1
    while (before >= from && json.charCodeAt(before) === backslash) before--
    // An even number of backslashes are characters themselves.
    if ((at - before) % 2 === 1) return at
  }
  return json.length
}

/** How far a text extends; no further than just beyond `most`. Of what is no JSON, any answer is right. */
export function extentOf(json: string, most: Extent): Extent {
  let depth = 0
  let levels = 0
  let values = 0
  for (let at = 0; at < json.length && values <= most.values && levels <= most.levels; at++) {
    const code = json.charCodeAt(at)
    if (code === quote) at = endOfText(json, at + 1)
    else if (code === comma) values++
    else if ((code & bracesToBrackets) === opening) {
      values++
      if (++depth > levels) levels = depth
    } else if ((code & bracesToBrackets) === closing) depth--
  }
  return { levels, values }
}
