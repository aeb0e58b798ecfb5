/** Chromium as the end-to-end tests, the benchmarks and the pictures drive it. */
import { type Browser, chromium, type LaunchOptions } from 'playwright-core'
import { ensureChromium } from './chromium.ts'

/** Starts Chromium without a window; throws one sentence that says what to install where there is none. */
export const launchBrowser = (more: LaunchOptions = {}): Promise<Browser> =>
  chromium.launch({
    executablePath: ensureChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    ...more,
  })
