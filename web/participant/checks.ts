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

/** A size by the sides that matter: both, the height alone, or the width alone. */
function sides(width: number, height: number, given: { width: boolean; height: boolean }): string {
  if (!given.height) return `${width}`
  return given.width ? `${width} × ${height}` : `↕ ${height}`
}

/** The first thing that is missing, or undefined. `keyboard`: a key has been pressed on this page. */
export function missing(study: Participation['study'], keyboard: boolean): Lack | undefined {
  const width = study.minimumWidth ?? 0
  const height = study.minimumHeight ?? 0
  if (innerWidth < width || innerHeight < height) {
    const given = { width: width > 0, height: height > 0 }
    return { kind: 'screen', needed: sides(width, height, given), has: sides(innerWidth, innerHeight, given) }
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
