/**
 * What a pipeline is: a versioned definition that says what to run, on what, with which parameters. Pure rules; every
 * fault names its field by a JSON pointer.
 */
import { type Fault, type ParameterSchema, schemaFaults } from './parameters.ts'
import { tokensOf } from './command.ts'

export const pipelineRuntimes = ['python', 'r', 'shell', 'image'] as const
export type PipelineRuntime = (typeof pipelineRuntimes)[number]
/** `files`: any; `table`: one CSV or TSV; `images`: a stack (TIFF) or a folder of single pictures (TIFF, PNG). */
export const inputKinds = ['files', 'table', 'images'] as const
export type InputKind = (typeof inputKinds)[number]
/**
 * How the portal shows an output: a picture, a stack to leaf through, a table with a plot, JSON, a NIfTI volume, a
 * drawn plot, or nothing but a download.
 */
export const outputKinds = ['image', 'stack', 'table', 'json', 'volume', 'plot', 'file'] as const
export type OutputKind = (typeof outputKinds)[number]

export interface PipelineInput {
  name: string
  kind: InputKind
  title?: string | undefined
  help?: string | undefined
  required: boolean
}
/** `match` is a path below the output folder; `*` stands for anything but a slash. */
export interface PipelineOutput {
  match: string
  kind: OutputKind
  title?: string | undefined
  help?: string | undefined
}
/** Whole processors, megabytes, and seconds of wall time; processors for graphics where the installation has any. */
export interface Resources {
  cpus: number
  memoryMb: number
  gpus: number
  seconds: number
}
export const defaultResources: Resources = { cpus: 1, memoryMb: 1024, gpus: 0, seconds: 3600 }
export const mostResources: Resources = { cpus: 16, memoryMb: 122_880, gpus: 8, seconds: 48 * 3600 }

export interface PipelineDefinition {
  /** Of the organisation's own choosing, unique in it. */
  name: string
  title: string
  description: string
  runtime: PipelineRuntime
  /** With the runtime `image`: a registry's reference, best with a digest. */
  image?: string | undefined
  /**
   * Program and arguments, no shell in between: `{{parameter}}`, `{{inputs.NAME}}`, `{{output}}`, `{{code}}`,
   * `{{parameters}}` (domain/pipelines/command.ts).
   */
  command: string[]
  inputs: PipelineInput[]
  outputs: PipelineOutput[]
  resources: Resources
  parameters: ParameterSchema
}

/** A relative path as it may lie in a run's folders: no leading dot, no `..`, plain characters. */
export const filePath = /^(?!\.)[A-Za-z0-9._ +()@=,-]+(\/(?!\.)[A-Za-z0-9._ +()@=,-]+)*$/
export const longestPath = 300
/** Names of parameters and inputs: as they stand in templates, columns and environments. */
export const plainName = /^[A-Za-z][A-Za-z0-9_]{0,59}$/
/** Words that a template keeps for itself. */
const reserved = new Set(['inputs', 'output', 'code', 'parameters'])

const repeated = (names: readonly string[], at: (i: number) => string): Fault[] =>
  names.flatMap((n, i) => (names.indexOf(n) < i ? [{ path: at(i), message: 'Used twice', value: n }] : []))

/** Which of an input's or output's patterns covers a path: `*` is anything but a slash. */
export function matches(pattern: string, path: string): boolean {
  // Without a regular expression made of somebody's text: pieces between stars, in order, within one name each.
  const [want, have] = [pattern.split('/'), path.split('/')]
  return (
    want.length === have.length &&
    want.every((w, i) => {
      const pieces = w.split('*')
      const name = have[i]!
      if (pieces.length === 1) return w === name
      const [first, last] = [pieces[0]!, pieces.at(-1)!]
      if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
      let at = first.length
      for (const piece of pieces.slice(1, -1)) {
        const found = name.indexOf(piece, at)
        if (found < 0 || found + piece.length > name.length - last.length) return false
        at = found + piece.length
      }
      return true
    })
  )
}

const byEnding: [RegExp, OutputKind][] = [
  [/\.(png|jpe?g|svg|webp)$/i, 'image'],
  [/\.tiff?$/i, 'stack'],
  [/\.(csv|tsv)$/i, 'table'],
  [/\.(json|jsonl)$/i, 'json'],
  [/\.nii(\.gz)?$/i, 'volume'],
]
/** What an artifact is: as the definition says, else by its name. */
export const kindOf = (outputs: readonly PipelineOutput[], path: string): OutputKind =>
  outputs.find((o) => matches(o.match, path))?.kind ?? byEnding.find(([e]) => e.test(path))?.[1] ?? 'file'

/**
 * What is wrong with a definition whose shape is right (contracts/pipelines.ts checks that): fields against each other,
 * the schema of the parameters, the template. `files` are the paths that were published with it.
 */
export function definitionFaults(def: PipelineDefinition, files: readonly string[]): Fault[] {
  const out: Fault[] = []
  const { command, inputs, outputs, parameters, resources } = def
  out.push(
    ...repeated(
      inputs.map((i) => i.name),
      (i) => `/inputs/${i}/name`,
    ),
    ...repeated(
      outputs.map((o) => o.match),
      (i) => `/outputs/${i}/match`,
    ),
    ...repeated(files, (i) => `/files/${i}/path`),
  )
  if (def.runtime === 'image' && !def.image)
    out.push({
      path: '/image',
      message: 'The runtime image needs one',
      expected: 'a reference, such as registry/name@sha256:…',
    })
  if (def.runtime !== 'image' && def.image)
    out.push({ path: '/image', message: `Only the runtime image takes one, this is ${def.runtime}` })
  for (const key of ['cpus', 'memoryMb', 'gpus', 'seconds'] as const)
    if (resources[key] > mostResources[key])
      out.push({
        path: `/resources/${key}`,
        message: 'More than a run can have',
        value: resources[key],
        expected: `at most ${mostResources[key]}`,
      })
  out.push(...schemaFaults(parameters).map((f) => ({ ...f, path: `/parameters${f.path}` })))
  const names = Object.keys(parameters.properties)
  for (const n of names)
    if (reserved.has(n))
      out.push({
        path: `/parameters/properties/${n}`,
        message: 'A word that templates keep for themselves',
        expected: 'another name',
      })
  for (const [i, argument] of command.entries())
    for (const token of tokensOf(argument)) {
      const path = `/command/${i}`
      if (token === 'output' || token === 'code' || token === 'parameters') continue
      if (token.startsWith('inputs.')) {
        const input = inputs.find((x) => x.name === token.slice('inputs.'.length))
        if (!input)
          out.push({
            path,
            message: `{{${token}}} names no input`,
            expected: inputs.map((x) => x.name).join(', ') || 'an input of the definition',
          })
        continue
      }
      const p = Object.hasOwn(parameters.properties, token) ? parameters.properties[token] : undefined
      if (!p)
        out.push({
          path,
          message: `{{${token}}} names no parameter`,
          expected: [...names.slice(0, 40), 'output', 'code', 'parameters'].join(', '),
        })
      else if (p.default === undefined && !parameters.required?.includes(token))
        out.push({
          path,
          message: `{{${token}}} may be left without a value`,
          expected: 'a default, or its name among `required`',
        })
    }
  if (
    def.runtime !== 'image' &&
    command[0] !== undefined &&
    !tokensOf(command[0]).length &&
    command[0].includes('/') &&
    !files.includes(command[0].replace(/^\.\//, ''))
  )
    out.push({
      path: '/command/0',
      message: 'No such file was published with it',
      value: command[0],
      expected: files.slice(0, 20).join(', ') || 'a program’s name',
    })
  const script = scriptOf(def)
  if (script && !files.includes(script.path))
    out.push({
      path: `/command/${script.at}`,
      message: 'No such file was published with it',
      value: script.path,
      expected: files.slice(0, 20).join(', ') || 'a file of the folder',
    })
  return out
}

/** The file that `python main.py` and the like start, when it is named plainly. */
function scriptOf({ command, runtime }: PipelineDefinition): { at: number; path: string } | undefined {
  if (runtime === 'image' || !/^(python3?|Rscript|bash|sh)$/.test(command[0] ?? '')) return undefined
  const word = command[1]
  return word === undefined || word.startsWith('-') || tokensOf(word).length > 0 || !/\.[A-Za-z]{1,4}$/.test(word)
    ? undefined
    : { at: 1, path: word.replace(/^\.\//, '') }
}
