import { api } from '../session/session.ts'

/**
 * Opens a preview in a new tab, with a link that never counts. The tab is opened first, for browsers allow that only at
 * the click.
 */
export async function openPreview(studyId: string): Promise<void> {
  const tab = window.open('about:blank')
  try {
    const { items } = await api.studies.links({ params: { studyId }, query: { limit: 200 } })
    const link =
      items.find((l) => l.kind === 'preview' && l.state === 'open') ??
      (await api.studies.createLink({ params: { studyId }, body: { kind: 'preview', label: 'Preview', hours: 72 } }))
    if (tab) tab.location.href = link.url
    else location.assign(link.url)
  } catch (e) {
    tab?.close()
    throw e
  }
}
