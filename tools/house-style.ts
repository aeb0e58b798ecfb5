/**
 * What the formatter cannot hold: width, conditionals, declarations, names, docstrings, and that time and chance are
 * passed in. Prints the places that fall
 * short, with their kind, and fails when there are any; `npm run check` runs it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './steps.ts'
import { sourceFiles } from './source-files.ts'

export type StyleKind = 'wide' | 'nestedConditional' | 'manyDeclarations' | 'letterName' | 'noDocstring' | 'ownClock'
export interface Place {
  kind: StyleKind
  file: string
  /** From 1. */
  line: number
  text: string
}

const width = 120
const documented = /^(domain|ports|clients)\//
const notDocumented = /\.(test|contract)\.ts$|\/testing(\/|\.ts$)/
/** Here time, waiting and chance come by arguments, so that a simulated run of it is the same every time. */
const passedIn = /^(domain|contracts|ports|functions)\//
/** What chooses a process' clock and chance, and its tests. */
const mayAskTheMachine = /\.(test|contract|handler)\.ts$|\/testing(\/|\.ts$)|^functions\/(wiring|kernel\/pause)\.ts$/
const machinesCalls = new Set([
  'Date.now',
  'Math.random',
  'crypto.getRandomValues',
  'crypto.randomUUID',
  'globalThis.crypto.getRandomValues',
  'globalThis.crypto.randomUUID',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
])
const machinesModules = /^(node:)?timers(\/promises)?$/
const machinesImports = new Set(['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'webcrypto'])
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

/** Asks the machine for the time or for chance, or waits by its timers. */
function asksTheMachine(source: ts.SourceFile, node: ts.Node): boolean {
  if (ts.isCallExpression(node)) return machinesCalls.has(node.expression.getText(source))
  if (ts.isNewExpression(node)) return node.expression.getText(source) === 'Date' && !node.arguments?.length
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return false
  if (machinesModules.test(node.moduleSpecifier.text)) return true
  const names = node.importClause?.namedBindings
  if (!/^(node:)?crypto$/.test(node.moduleSpecifier.text) || !names || !ts.isNamedImports(names)) return false
  return names.elements.some((element) => machinesImports.has((element.propertyName ?? element.name).text))
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
    if (passedIn.test(file) && !mayAskTheMachine.test(file) && asksTheMachine(source, node))
      add('ownClock', node.getStart(source))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return places
}

function main(): void {
  const places = sourceFiles().flatMap((file) => placesIn(file, readFileSync(join(root, file), 'utf8')))
  for (const { file, line, kind, text } of places) console.log(`${file}:${line} ${kind} ${text}`)
  if (places.length > 0) process.exitCode = 1
}

if (import.meta.main) main()
