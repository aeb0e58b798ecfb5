/** The browser that the end-to-end tests drive. */
import { existsSync } from 'node:fs'
import { ensureFromDebian } from './debian.ts'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'] as const

/** Path of an installed Chromium, or undefined. `CLOISTER_CHROMIUM` names another. */
export const findChromium = (): string | undefined =>
  [process.env['CLOISTER_CHROMIUM'], ...places].find((p) => p !== undefined && p !== '' && existsSync(p))

/** Finds Chromium, or installs it on Debian where this user may; says what to do otherwise. */
export function ensureChromium(): string {
  const found = findChromium()
  if (found) return found
  try {
    return ensureFromDebian(places[0], ['chromium', 'fonts-dejavu-core'])
  } catch (error) {
    throw new Error(`${(error as Error).message}. Elsewhere install Chromium and name it in CLOISTER_CHROMIUM.`)
  }
}
