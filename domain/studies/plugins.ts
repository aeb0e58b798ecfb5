/** Look-up of jsPsych plugins by npm name: which are installed, which a study may use, and why others are refused. */
import { catalogue } from './plugin-catalogue.ts'
import type { PluginInfo } from './plugin-info.ts'

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
