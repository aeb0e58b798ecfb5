/**
 * The stage of every participant test: built pages, a real host on `port`, a browser; put up before a file's tests and
 * taken down after.
 */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { launchBrowser } from '../tools/browser.ts'
import { buildWeb } from '../tools/build-web.ts'
import { type LiveStudy, Platform, webStudy } from './participant-support.ts'

export interface Stage {
  platform: Platform
  browser: () => Browser
  study: (o?: Parameters<typeof webStudy>[2]) => Promise<LiveStudy>
}

export function stage(port: number): Stage {
  const platform = new Platform(port)
  let browser: Browser | undefined
  beforeAll(async () => {
    await buildWeb(() => undefined, ['participant', 'study'])
    await platform.start()
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await platform.close()
  })
  return { platform, browser: () => browser!, study: (o) => webStudy(platform.client, platform.organisationId, o) }
}
