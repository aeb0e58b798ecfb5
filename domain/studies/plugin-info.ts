/** What the catalogue says of a jsPsych plugin. */

export type ParameterKind =
  | 'bool'
  | 'string'
  | 'int'
  | 'float'
  | 'function'
  | 'key'
  | 'keys'
  | 'select'
  | 'html'
  | 'image'
  | 'audio'
  | 'video'
  | 'object'
  | 'complex'
  | 'timeline'

export interface ParameterInfo {
  kind: ParameterKind
  /** The value is a list of these. */
  array?: true
  /** Without a default, and therefore to be given. */
  required?: true
  /** As the plugin declares it; absent when required, or when it is a function. */
  default?: unknown
  /** The only values allowed. */
  options?: readonly unknown[]
  /** Members of a `complex` value. */
  nested?: Readonly<Record<string, ParameterInfo>>
}
export interface PluginInfo {
  name: string
  version: string
  parameters: Readonly<Record<string, ParameterInfo>>
  data: readonly string[]
}
