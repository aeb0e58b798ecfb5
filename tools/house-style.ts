/**
 * What the formatter cannot hold: width, conditionals, declarations, names and docstrings. `npm run check` fails when a
 * folder has more of a kind than `house-style.json` says, which may only go down: `node tools/house-style.ts --write`
 * lowers it. `--list KIND [PATH]` prints the places.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './steps.ts'
import { sourceFiles } from './source-files.ts'

export const kinds = ['wide', 'nestedConditional', 'manyDeclarations', 'letterName', 'noDocstring'] as const
export type StyleKind = (typeof kinds)[number]
export interface Place {
  kind: StyleKind
  file: string
  /** From 1. */
  line: number
  text: string
}
/** Places by kind and top-level folder; what is not named has none. */
export type Counts = Partial<Record<StyleKind, Record<string, number>>>

const width = 120
const documented = /^(domain|ports|clients)\//
const notDocumented = /\.(test|contract)\.ts$|\/testing(\/|\.ts$)/
const loopCounters = new Set(['i', 'j', 'n'])

const literalKinds = new Set([
  ts.SyntaxKind.StringLiteral,
  ts.SyntaxKind.NoSubstitutionTemplateLiteral,
  ts.SyntaxKind.TemplateHead,
  ts.SyntaxKind.TemplateMiddle,
  ts.SyntaxKind.TemplateTail,
  ts.SyntaxKind.RegularExpressionLiteral,
  ts.SyntaxKind.JsxText,
])

/** Whether a text of the program, which nobody can break, crosses the width or makes most of the line. */
function textsMakeItWide(source: ts.SourceFile, start: number, end: number): boolean {
  let inTexts = 0
  const visit = (node: ts.Node): void => {
    if (node.end < start || node.getFullStart() > end) return
    if (literalKinds.has(node.kind))
      inTexts += Math.max(0, Math.min(node.end, end) - Math.max(node.getStart(source), start))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return inTexts > (end - start) / 3 || /https?:\/\//.test(source.text.slice(start, end))
}

const linesOf = (source: ts.SourceFile, node: ts.Node): number =>
  source.getLineAndCharacterOfPosition(node.end).line -
  source.getLineAndCharacterOfPosition(node.getStart(source)).line +
  1

/** A lambda that is read at one look may name its parameters by a letter. */
function inShortLambda(source: ts.SourceFile, node: ts.Node): boolean {
  let at: ts.Node | undefined = node
  while (at !== undefined && !ts.isSourceFile(at)) {
    if (ts.isArrowFunction(at) && linesOf(source, at) <= 2) return true
    at = at.parent
  }
  return false
}

const isLoopCounter = (node: ts.Node): boolean =>
  ts.isVariableDeclaration(node) &&
  (ts.isForStatement(node.parent.parent) || ts.isForOfStatement(node.parent.parent)) &&
  loopCounters.has(node.name.getText())

function isNamedByLetter(source: ts.SourceFile, node: ts.Node): boolean {
  const declares =
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isFunctionDeclaration(node)
  if (!declares || node.name === undefined || !ts.isIdentifier(node.name)) return false
  const { text } = node.name
  if (text.length !== 1 || text === '_' || isLoopCounter(node)) return false
  if (ts.isParameter(node) && (ts.isFunctionTypeNode(node.parent) || ts.isMethodSignature(node.parent))) return false
  if (ts.isCatchClause(node.parent) && text === 'e') return false
  return !inShortLambda(source, node)
}

/** The conditional that this one is a branch of, parentheses aside. */
function isNestedConditional(node: ts.Node): boolean {
  if (!ts.isConditionalExpression(node)) return false
  let parent: ts.Node = node.parent
  while (ts.isParenthesizedExpression(parent)) parent = parent.parent
  return ts.isConditionalExpression(parent)
}

const isExported = (node: ts.HasModifiers): boolean =>
  node.modifiers?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) ?? false

function isUndocumentedFunction(node: ts.Node): boolean {
  if (ts.isFunctionDeclaration(node)) return isExported(node) && ts.getJSDocCommentsAndTags(node).length === 0
  if (!ts.isVariableStatement(node) || !isExported(node)) return false
  const isFunction = node.declarationList.declarations.some(
    (d) => d.initializer !== undefined && (ts.isArrowFunction(d.initializer) || ts.isFunctionExpression(d.initializer)),
  )
  return isFunction && ts.getJSDocCommentsAndTags(node).length === 0
}

const hasManyDeclarations = (node: ts.Node): boolean =>
  ts.isVariableStatement(node) && node.declarationList.declarations.length > 1

/** Every place of a file, named by its path from the root, that the house's style does not want. */
export function placesIn(file: string, code: string): Place[] {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true)
  const places: Place[] = []
  const lines = code.split('\n')
  const add = (kind: StyleKind, position: number): void => {
    const { line } = source.getLineAndCharacterOfPosition(position)
    places.push({ kind, file, line: line + 1, text: lines[line]!.trim().slice(0, 100) })
  }
  const starts = source.getLineStarts()
  for (const [line, text] of lines.entries()) {
    const start = starts[line]!
    if (text.length > width && !textsMakeItWide(source, start, start + text.length)) add('wide', start)
  }
  const visit = (node: ts.Node): void => {
    if (isNestedConditional(node)) add('nestedConditional', node.getStart(source))
    if (hasManyDeclarations(node)) add('manyDeclarations', node.getStart(source))
    if (isNamedByLetter(source, node)) add('letterName', node.getStart(source))
    if (documented.test(file) && !notDocumented.test(file) && isUndocumentedFunction(node)) {
      add('noDocstring', node.getStart(source))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return places
}

/** How many there are of each kind in each top-level folder. */
export function count(places: readonly Place[]): Counts {
  const counts: Counts = {}
  for (const { kind, file } of places) {
    const folder = file.split('/')[0]!
    const ofKind = (counts[kind] ??= {})
    ofKind[folder] = (ofKind[folder] ?? 0) + 1
  }
  return counts
}

/** One sentence for each folder that has more, or fewer, of a kind than was written down. */
export function compare(now: Counts, written: Counts): { worse: string[]; better: string[] } {
  const worse: string[] = []
  const better: string[] = []
  for (const kind of kinds) {
    const folders = new Set([...Object.keys(now[kind] ?? {}), ...Object.keys(written[kind] ?? {})])
    for (const folder of folders) {
      const has = now[kind]?.[folder] ?? 0
      const may = written[kind]?.[folder] ?? 0
      if (has > may)
        worse.push(
          `${folder}: ${has} of kind ${kind}, at most ${may} (node tools/house-style.ts --list ${kind} ${folder})`,
        )
      if (has < may)
        better.push(`${folder}: ${has} of kind ${kind}, ${may} are written down (node tools/house-style.ts --write)`)
    }
  }
  return { worse, better }
}

const baseline = join(root, 'tools/house-style.json')

const sorted = (counts: Counts): Counts =>
  Object.fromEntries(
    kinds
      .filter((kind) => counts[kind] !== undefined)
      .map((kind) => [kind, Object.fromEntries(Object.entries(counts[kind]!).sort(([a], [b]) => (a < b ? -1 : 1)))]),
  )

function main(): void {
  const [option, kind, path = ''] = process.argv.slice(2)
  const places = sourceFiles().flatMap((file) => placesIn(file, readFileSync(join(root, file), 'utf8')))
  if (option === '--list') {
    for (const p of places.filter((one) => one.kind === kind && one.file.startsWith(path))) {
      console.log(`${p.file}:${p.line} ${p.text}`)
    }
    return
  }
  const now = count(places)
  if (option === '--write') {
    writeFileSync(baseline, `${JSON.stringify(sorted(now), null, 2)}\n`)
    return
  }
  const { worse, better } = compare(now, JSON.parse(readFileSync(baseline, 'utf8')) as Counts)
  for (const sentence of [...worse, ...better]) console.log(sentence)
  if (worse.length + better.length > 0) process.exitCode = 1
}

if (import.meta.main) main()
