/** Runs once before the tests that drive a browser: installs it where it is missing, and builds what it shows. */
import { buildWeb } from '../tools/build-web.ts'
import { ensureChromium } from '../tools/chromium.ts'
import preparePlatform from './prepare-platform.ts'

/** Called by vitest. What cannot be had is said; the tests that need it fail then, each by itself. */
export default async function prepare(): Promise<void> {
  await preparePlatform()
  try {
    ensureChromium()
    await buildWeb((text) => console.log(text))
  } catch (error) {
    console.error((error as Error).message)
  }
}
