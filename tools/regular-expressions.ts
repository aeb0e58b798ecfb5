/**
 * The regular expressions of the product, found by its syntax trees, and texts that each of them is slowest on: made of
 * its own pieces, repeated, with an end that does not fit.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AST, RegExpParser } from '@eslint-community/regexpp'
import ts from 'typescript'
import { sourceFiles } from './source-files.ts'
import { root } from './steps.ts'

export interface Found {
  file: string
  /** From 1. */
  line: number
  /** As it stands there; of one that is put together, the expression. */
  text: string
  /** Absent of one that is put together while the program runs. */
  regex?: RegExp
}

const product =
  /^(domain|functions|contracts|ports|adapters|local|clients|runner|web\/(participant|study|portal\/src))\//
/** Tests, and programs that run while the product is built. */
const notProduct = /\.(test|contract)\.tsx?$|\/testing(\/|\.ts$)|vite\.config\.ts$|^web\/study\/catalogue\.ts$/

function literal(text: string): RegExp {
  const end = text.lastIndexOf('/')
  return new RegExp(text.slice(1, end), text.slice(end + 1))
}

/** Every regular expression of the product's files. */
export function regularExpressions(files = sourceFiles()): Found[] {
  const found: Found[] = []
  for (const file of files.filter((f) => product.test(f) && !notProduct.test(f))) {
    const text = readFileSync(join(root, file), 'utf8')
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
    const visit = (node: ts.Node): void => {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
      if (ts.isRegularExpressionLiteral(node)) found.push({ file, line, text: node.text, regex: literal(node.text) })
      const isMade = ts.isNewExpression(node) || ts.isCallExpression(node)
      if (isMade && node.expression.getText(source) === 'RegExp') found.push({ file, line, text: node.getText(source) })
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return found
}

/** One character of a set. */
function memberOf(set: AST.CharacterSet | AST.CharacterClass | AST.CharacterClassElement): string {
  switch (set.type) {
    case 'Character':
      return String.fromCodePoint(set.value)
    case 'CharacterClassRange':
      return String.fromCodePoint(set.min.value)
    case 'CharacterSet':
      return candidateOf(set.raw)
    case 'CharacterClass': {
      if (set.negate) return candidateOf(set.raw)
      const [first] = set.elements
      return first === undefined ? '' : memberOf(first as AST.CharacterClassElement)
    }
    default:
      return 'a'
  }
}

const candidates = [...'a0 -_.,;:/\\\n\t"\'<>=A!{}[]()$@#%&*+~|^`é\u0001']
/** A character that a set takes, found by asking it. */
function candidateOf(raw: string): string {
  const flags = /\\p|\\u\{/i.test(raw) ? 'su' : 's'
  try {
    const set = new RegExp(raw, flags)
    return candidates.find((character) => set.test(character)) ?? 'a'
  } catch {
    return 'a'
  }
}

/** A short text that an element takes: what is repeated stands there as often as it must, once at least. */
function sample(element: AST.Element): string {
  switch (element.type) {
    case 'Character':
      return String.fromCodePoint(element.value)
    case 'CharacterSet':
    case 'CharacterClass':
      return memberOf(element)
    case 'Quantifier':
      return sample(element.element).repeat(Math.min(Math.max(element.min, element.max === 0 ? 0 : 1), 50))
    case 'Group':
    case 'CapturingGroup':
      return element.alternatives.length > 0 ? sampleOf(element.alternatives[0]!.elements) : ''
    default:
      return ''
  }
}
const sampleOf = (elements: readonly AST.Element[]): string => elements.map(sample).join('')

/** All sequences of elements in a pattern: its alternatives, and those of its groups. */
function sequencesOf(pattern: AST.Pattern): AST.Element[][] {
  const sequences: AST.Element[][] = []
  const visit = (alternatives: readonly AST.Alternative[]): void => {
    for (const { elements } of alternatives) {
      sequences.push([...elements])
      for (const element of elements) inside(element)
    }
  }
  const inside = (element: AST.Element): void => {
    if (element.type === 'Quantifier') inside(element.element as AST.Element)
    if (element.type === 'Group' || element.type === 'CapturingGroup') visit(element.alternatives)
    if (element.type === 'Assertion' && 'alternatives' in element) visit(element.alternatives)
  }
  visit(pattern.alternatives)
  return sequences
}

export interface Attack {
  before: string
  repeated: string
  after: string
}

const ends = ['', '\u0000', '\n']

/** Texts made of an expression's pieces. `before` fits what comes first, `after` fits nothing. */
export function attacksOn(regex: RegExp): Attack[] {
  const pattern = new RegExpParser().parsePattern(regex.source, undefined, undefined, {
    unicode: regex.flags.includes('u'),
    unicodeSets: regex.flags.includes('v'),
  })
  const befores = new Set(['', 'x'])
  const pieces = new Set<string>(['a', ' ', '\n'])
  for (const elements of sequencesOf(pattern))
    elements.forEach((element, at) => {
      const before = sampleOf(elements.slice(0, at))
      if (element.type === 'Quantifier' || element.type.endsWith('Group')) befores.add(before)
      pieces.add(sample(element))
      pieces.add(before)
      pieces.add(sampleOf(elements.slice(at)))
      pieces.add(sampleOf(elements.slice(at, at + 2)))
    })
  pieces.delete('')
  return [...befores].flatMap((before) =>
    [...pieces].flatMap((repeated) => ends.map((after) => ({ before, repeated, after }))),
  )
}

/** An attack as a text of about so many characters. */
export const textOf = ({ before, repeated, after }: Attack, length: number): string =>
  before + repeated.repeat(Math.max(1, Math.floor(length / repeated.length))) + after

/** Milliseconds that an expression takes for a text, searched and replaced. */
export function timeOf(regex: RegExp, text: string): number {
  const everywhere = new RegExp(regex.source, regex.flags.includes('g') ? regex.flags : `${regex.flags}g`)
  const began = performance.now()
  text.replace(everywhere, '')
  return performance.now() - began
}

/** What is exponential takes long for the first; what is quadratic for the second, for which what is linear is fast. */
const sizes = [26, 1000, 32_000]
const ceilingMilliseconds = 25

/**
 * The first text for which an expression takes longer than it may, tried at growing sizes up to `most` characters;
 * undefined when there is none.
 */
export function slowest(regex: RegExp, most: number): { attack: Attack; length: number; ms: number } | undefined {
  for (const attack of attacksOn(regex))
    for (const length of sizes.map((size) => Math.min(size, most))) {
      const text = textOf(attack, length)
      let ms = timeOf(regex, text)
      // Another process may have had the processor.
      for (let again = 0; again < 3 && ms > ceilingMilliseconds; again++) ms = Math.min(ms, timeOf(regex, text))
      if (ms > ceilingMilliseconds) return { attack, length, ms }
    }
  return undefined
}
