/** The page of a link that leads to no study. */
import { show } from './page.ts'
import { say } from './texts/index.ts'
import type { Texts } from './texts/en.ts'

const refusals: Record<string, [state: string, title: keyof Texts, sentence: keyof Texts]> = {
  'study-not-open': ['not-open', 'notOpenTitle', 'notOpen'],
  'study-closed': ['closed', 'closedTitle', 'closed'],
  'study-full': ['full', 'fullTitle', 'full'],
  'link-used': ['link-used', 'linkUsedTitle', 'linkUsed'],
  'link-expired': ['link-expired', 'linkExpiredTitle', 'linkExpired'],
  'not-found': ['not-found', 'notFoundTitle', 'notFound'],
  'invalid-request': ['not-found', 'notFoundTitle', 'notFound'],
}

/** Says why there is no study here, for each kind of refusal that a participant can do something about. */
export function showRefusal(kind: string): void {
  const [state, title, sentence] = refusals[kind] ?? ['failed', 'failedTitle', 'failed']
  show({
    state,
    tone: 'warn',
    title: say(title as keyof Texts),
    sentence: say(sentence as keyof Texts),
    button: { label: say('reload'), act: () => location.reload() },
  })
}
