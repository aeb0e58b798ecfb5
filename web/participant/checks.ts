/** What this browser, window and device can do, against what the page and the study need. */
import type { Participation } from './api.ts'
import type { Texts } from './texts/en.ts'

/** Without these nothing can be sealed or kept apart; a page that only looked right would lose data. */
export const capable = (): boolean =>
  typeof crypto === 'object' &&
  typeof crypto.subtle === 'object' &&
  typeof navigator.locks === 'object' &&
  typeof BroadcastChannel === 'function' &&
  typeof MessageChannel === 'function' &&
  typeof AbortSignal.timeout === 'function' &&
  typeof structuredClone === 'function'

export type Lack =
  | { kind: 'screen'; needed: string; has: string }
  | { kind: 'device'; title: keyof Texts; sentence: keyof Texts; keyboard: boolean }

const lacking = (what: 'keyboard' | 'touch' | 'fullscreen'): Lack => ({
  kind: 'device',
  title: `${what}Title`,
  sentence: what,
  keyboard: what === 'keyboard',
})

/** The first thing that is missing, or undefined. `keyboard`: a key has been pressed on this page. */
export function missing(study: Participation['study'], keyboard: boolean): Lack | undefined {
  const [w, h] = [study.minimumWidth ?? 0, study.minimumHeight ?? 0]
  if (innerWidth < w || innerHeight < h) {
    const needed = [w > 0 ? `${w}` : '', h > 0 ? `${h}` : '']
    return {
      kind: 'screen',
      needed: h === 0 ? needed[0]! : w === 0 ? `↕ ${needed[1]}` : needed.join(' × '),
      has: h === 0 ? `${innerWidth}` : w === 0 ? `↕ ${innerHeight}` : `${innerWidth} × ${innerHeight}`,
    }
  }
  // There is no way to ask for a keyboard: a device with only a touch screen is taken not to have one until a key is
  // pressed.
  const touchOnly = matchMedia('(any-pointer: coarse)').matches && !matchMedia('(any-hover: hover)').matches
  // The sound of a device cannot be asked for either: the page before the start reminds of it.
  for (const need of study.needs) {
    if (need === 'keyboard' && touchOnly && !keyboard) return lacking('keyboard')
    if (need === 'touch' && navigator.maxTouchPoints === 0) return lacking('touch')
    if (need === 'fullscreen' && !document.fullscreenEnabled) return lacking('fullscreen')
  }
  return undefined
}
