/** Window and device as a study needs them. */
import type { Participation } from './api.ts'
import { missing } from './checks.ts'
import { show } from './page.ts'
import { say } from './texts/index.ts'

/** Waits until window and device have what the study needs. */
export async function fit(study: Participation['study']): Promise<void> {
  let keyboard = false
  for (;;) {
    const lack = missing(study, keyboard)
    if (!lack) return
    await new Promise<void>((resolve) => {
      const stop = new AbortController()
      const again = (): void => {
        stop.abort()
        resolve()
      }
      addEventListener('resize', again, { signal: stop.signal })
      addEventListener(
        'keydown',
        (event) => {
          if (lack.kind === 'device' && lack.keyboard && event.code) {
            keyboard = true
            again()
          }
        },
        { signal: stop.signal },
      )
      const button = { label: say('reload'), act: again }
      if (lack.kind === 'screen')
        show({
          state: 'too-small',
          tone: 'warn',
          title: say('tooSmallTitle'),
          sentence: say('tooSmall', { needed: lack.needed, has: lack.has }),
          button,
        })
      else show({ state: 'lacking', tone: 'warn', title: say(lack.title), sentence: say(lack.sentence), button })
    })
  }
}
