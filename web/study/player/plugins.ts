/**
 * One chunk a plugin: only those that the timeline names are loaded. The list is checked against the catalogue by a
 * test.
 */
type Plugin = { info: { name: string } } & (new (...args: never[]) => unknown)
type Loader = () => Promise<{ default: unknown }>

export const loaders: Readonly<Record<string, Loader>> = {
  '@jspsych/plugin-animation': () => import('@jspsych/plugin-animation'),
  '@jspsych/plugin-audio-button-response': () => import('@jspsych/plugin-audio-button-response'),
  '@jspsych/plugin-audio-keyboard-response': () => import('@jspsych/plugin-audio-keyboard-response'),
  '@jspsych/plugin-audio-slider-response': () => import('@jspsych/plugin-audio-slider-response'),
  '@jspsych/plugin-browser-check': () => import('@jspsych/plugin-browser-check'),
  '@jspsych/plugin-categorize-animation': () => import('@jspsych/plugin-categorize-animation'),
  '@jspsych/plugin-categorize-html': () => import('@jspsych/plugin-categorize-html'),
  '@jspsych/plugin-categorize-image': () => import('@jspsych/plugin-categorize-image'),
  '@jspsych/plugin-cloze': () => import('@jspsych/plugin-cloze'),
  '@jspsych/plugin-external-html': () => import('@jspsych/plugin-external-html'),
  '@jspsych/plugin-free-sort': () => import('@jspsych/plugin-free-sort'),
  '@jspsych/plugin-fullscreen': () => import('@jspsych/plugin-fullscreen'),
  '@jspsych/plugin-html-button-response': () => import('@jspsych/plugin-html-button-response'),
  '@jspsych/plugin-html-keyboard-response': () => import('@jspsych/plugin-html-keyboard-response'),
  '@jspsych/plugin-html-slider-response': () => import('@jspsych/plugin-html-slider-response'),
  '@jspsych/plugin-iat-html': () => import('@jspsych/plugin-iat-html'),
  '@jspsych/plugin-iat-image': () => import('@jspsych/plugin-iat-image'),
  '@jspsych/plugin-image-button-response': () => import('@jspsych/plugin-image-button-response'),
  '@jspsych/plugin-image-keyboard-response': () => import('@jspsych/plugin-image-keyboard-response'),
  '@jspsych/plugin-image-slider-response': () => import('@jspsych/plugin-image-slider-response'),
  '@jspsych/plugin-instructions': () => import('@jspsych/plugin-instructions'),
  '@jspsych/plugin-maxdiff': () => import('@jspsych/plugin-maxdiff'),
  '@jspsych/plugin-preload': () => import('@jspsych/plugin-preload'),
  '@jspsych/plugin-resize': () => import('@jspsych/plugin-resize'),
  '@jspsych/plugin-same-different-html': () => import('@jspsych/plugin-same-different-html'),
  '@jspsych/plugin-same-different-image': () => import('@jspsych/plugin-same-different-image'),
  '@jspsych/plugin-serial-reaction-time': () => import('@jspsych/plugin-serial-reaction-time'),
  '@jspsych/plugin-serial-reaction-time-mouse': () => import('@jspsych/plugin-serial-reaction-time-mouse'),
  '@jspsych/plugin-sketchpad': () => import('@jspsych/plugin-sketchpad'),
  '@jspsych/plugin-survey': () =>
    Promise.all([import('@jspsych/plugin-survey'), import('@jspsych/plugin-survey/css/survey.css')]).then(
      ([plugin]) => plugin,
    ),
  '@jspsych/plugin-survey-html-form': () => import('@jspsych/plugin-survey-html-form'),
  '@jspsych/plugin-survey-likert': () => import('@jspsych/plugin-survey-likert'),
  '@jspsych/plugin-survey-multi-choice': () => import('@jspsych/plugin-survey-multi-choice'),
  '@jspsych/plugin-survey-multi-select': () => import('@jspsych/plugin-survey-multi-select'),
  '@jspsych/plugin-survey-text': () => import('@jspsych/plugin-survey-text'),
  '@jspsych/plugin-video-button-response': () => import('@jspsych/plugin-video-button-response'),
  '@jspsych/plugin-video-keyboard-response': () => import('@jspsych/plugin-video-keyboard-response'),
  '@jspsych/plugin-video-slider-response': () => import('@jspsych/plugin-video-slider-response'),
  '@jspsych/plugin-virtual-chinrest': () => import('@jspsych/plugin-virtual-chinrest'),
  '@jspsych/plugin-visual-search-circle': () => import('@jspsych/plugin-visual-search-circle'),
}

/** The plugin class of an npm name. Throws for a plugin that this player does not have. */
export async function loadPlugin(name: string): Promise<Plugin> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined
  if (!load) throw new Error(`this player has no ${name}`)
  return (await load()).default as Plugin
}
