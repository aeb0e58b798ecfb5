/** What the catalogue says of a jsPsych plugin, and look-up by npm name. */
import { catalogue } from './plugin-catalogue.ts'

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

/** npm name → plugin. */
export const plugins: Readonly<Record<string, PluginInfo>> = catalogue

const needsCode = 'a configuration carries no code; use a plain web study'
const noDevice =
  'a study page is isolated without an origin of its own, and browsers give such a page neither camera nor microphone'
/** Plugins that are installed but cannot work here, with the reason. */
export const refusedPlugins: Readonly<Record<string, string>> = {
  '@jspsych/plugin-call-function': `its work is a function, and ${needsCode}`,
  '@jspsych/plugin-canvas-button-response': `its stimulus is drawn by a function, and ${needsCode}, or show an image`,
  '@jspsych/plugin-canvas-keyboard-response': `its stimulus is drawn by a function, and ${needsCode}, or show an image`,
  '@jspsych/plugin-canvas-slider-response': `its stimulus is drawn by a function, and ${needsCode}, or show an image`,
  '@jspsych/plugin-reconstruction': `its stimulus is made by a function, and ${needsCode}`,
  '@jspsych/plugin-html-audio-response': noDevice,
  '@jspsych/plugin-html-video-response': noDevice,
  '@jspsych/plugin-initialize-camera': noDevice,
  '@jspsych/plugin-initialize-microphone': noDevice,
  '@jspsych/plugin-mirror-camera': noDevice,
}

/** Names of the plugins that a timeline may use, in order. */
export const usablePlugins: readonly string[] = Object.keys(plugins)
  .filter((name) => !(name in refusedPlugins))
  .sort()
