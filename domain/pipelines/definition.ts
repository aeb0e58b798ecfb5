/**
 * What a pipeline is: a versioned definition that says what to run, on what, with which parameters. Pure rules; every
 * fault names its field by a JSON pointer.
 */
import { inputPrefix, plainPlaces, tokensOf } from './command.ts'
import { schemaFaults } from './parameter-schema.ts'
import { type Fault, faultsBelow, type ParameterSchema } from './parameters.ts'

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
const reserved: readonly string[] = ['inputs', ...plainPlaces]

const repeated = (names: readonly string[], pathOf: (i: number) => string): Fault[] =>
  names.flatMap((name, i) => (names.indexOf(name) < i ? [{ path: pathOf(i), message: 'Used twice', value: name }] : []))

/** Whether a name fits a pattern: `*` is anything. */
function nameMatches(pattern: string, name: string): boolean {
  // Without a regular expression made of somebody's text: the pieces between stars, in order.
  const pieces = pattern.split('*')
  if (pieces.length === 1) return pattern === name
  const first = pieces[0]!
  const last = pieces.at(-1)!
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at)
    if (found < 0 || found + piece.length > name.length - last.length) return false
    at = found + piece.length
  }
  return true
}

/** Whether a pattern of an output covers a path: `*` is anything but a slash. */
export function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const names = path.split('/')
  return wanted.length === names.length && wanted.every((one, i) => nameMatches(one, names[i]!))
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

function imageFaults({ runtime, image }: PipelineDefinition): Fault[] {
  if (runtime === 'image' && !image)
    return [
      {
        path: '/image',
        message: 'The runtime image needs one',
        expected: 'a reference, such as registry/name@sha256:…',
      },
    ]
  return runtime !== 'image' && image
    ? [{ path: '/image', message: `Only the runtime image takes one, this is ${runtime}` }]
    : []
}

const resourceFaults = ({ resources }: PipelineDefinition): Fault[] =>
  (['cpus', 'memoryMb', 'gpus', 'seconds'] as const)
    .filter((name) => resources[name] > mostResources[name])
    .map((name) => ({
      path: `/resources/${name}`,
      message: 'More than a run can have',
      value: resources[name],
      expected: `at most ${mostResources[name]}`,
    }))

const reservedNameFaults = ({ parameters }: PipelineDefinition): Fault[] =>
  Object.keys(parameters.properties)
    .filter((name) => reserved.includes(name))
    .map((name) => ({
      path: `/parameters/properties/${name}`,
      message: 'A word that templates keep for themselves',
      expected: 'another name',
    }))

/** A token of the command must name an input, or a parameter that always has a value. */
function tokenFaults({ inputs, parameters }: PipelineDefinition, path: string, token: string): Fault[] {
  if ((plainPlaces as readonly string[]).includes(token)) return []
  if (token.startsWith(inputPrefix)) {
    const names = inputs.map((input) => input.name)
    if (names.includes(token.slice(inputPrefix.length))) return []
    const expected = names.join(', ') || 'an input of the definition'
    return [{ path, message: `{{${token}}} names no input`, expected }]
  }
  const parameter = Object.hasOwn(parameters.properties, token) ? parameters.properties[token] : undefined
  if (!parameter) {
    const names = [...Object.keys(parameters.properties).slice(0, 40), ...plainPlaces]
    return [{ path, message: `{{${token}}} names no parameter`, expected: names.join(', ') }]
  }
  if (parameter.default !== undefined || parameters.required?.includes(token)) return []
  const expected = 'a default, or its name among `required`'
  return [{ path, message: `{{${token}}} may be left without a value`, expected }]
}

/** The program, where it is plainly a file of the folder. */
function programOf({ command, runtime }: PipelineDefinition): { at: number; path: string } | undefined {
  const program = command[0]
  if (runtime === 'image' || program === undefined || !program.includes('/')) return undefined
  return tokensOf(program).length > 0 ? undefined : { at: 0, path: program }
}

/** Files that the command starts and that were not published with it. */
function missingFileFaults(def: PipelineDefinition, files: readonly string[]): Fault[] {
  const fault = (at: number, value: string, otherwise: string): Fault => ({
    path: `/command/${at}`,
    message: 'No such file was published with it',
    value,
    expected: files.slice(0, 20).join(', ') || otherwise,
  })
  const faults: Fault[] = []
  const program = programOf(def)
  if (program && !files.includes(withoutDot(program.path)))
    faults.push(fault(program.at, program.path, 'a program’s name'))
  const script = scriptOf(def)
  if (script && !files.includes(script.path)) faults.push(fault(script.at, script.path, 'a file of the folder'))
  return faults
}

/**
 * What is wrong with a definition whose shape is right (contracts/pipelines.ts checks that): fields against each other,
 * the schema of the parameters, the template. `files` are the paths that were published with it. Paths of the faults
 * are JSON pointers into the definition. Empty when it may be published.
 */
export function definitionFaults(def: PipelineDefinition, files: readonly string[]): Fault[] {
  const inputNames = def.inputs.map((input) => input.name)
  const outputPatterns = def.outputs.map((output) => output.match)
  return [
    ...repeated(inputNames, (i) => `/inputs/${i}/name`),
    ...repeated(outputPatterns, (i) => `/outputs/${i}/match`),
    ...repeated(files, (i) => `/files/${i}/path`),
    ...imageFaults(def),
    ...resourceFaults(def),
    ...faultsBelow('/parameters', schemaFaults(def.parameters)),
    ...reservedNameFaults(def),
    ...def.command.flatMap((argument, i) =>
      tokensOf(argument).flatMap((token) => tokenFaults(def, `/command/${i}`, token)),
    ),
    ...missingFileFaults(def, files),
  ]
}

const withoutDot = (path: string): string => path.replace(/^\.\//, '')

/** The file that `python main.py` and the like start, when it is named plainly. */
function scriptOf({ command, runtime }: PipelineDefinition): { at: number; path: string } | undefined {
  if (runtime === 'image' || !/^(python3?|Rscript|bash|sh)$/.test(command[0] ?? '')) return undefined
  const word = command[1]
  return word === undefined || word.startsWith('-') || tokensOf(word).length > 0 || !/\.[A-Za-z]{1,4}$/.test(word)
    ? undefined
    : { at: 1, path: withoutDot(word) }
}
