import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { makesLinks, type StudyState } from '../../../../domain/studies/life.ts'
import { type Study, useMay } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { linksQuery } from '../queries/studies.ts'
import { useContentDraft } from './draft.ts'
import { MakeDataset } from './MakeDataset.tsx'

interface Act {
  label: string
  run: () => void
}
interface StudyActs {
  next: Act | undefined
  tryIt: Act | undefined
  others: Act[]
  busy: boolean
}

const moves: Record<Exclude<StudyState, 'draft'>, { verb: string; title: string; text: string }> = {
  live: {
    verb: 'Launch',
    title: 'Launch this study?',
    text: 'From now on participants can start with the links you give them. You can pause at any time.',
  },
  paused: {
    verb: 'Pause',
    title: 'Pause this study?',
    text: 'No new participants can start. Whoever has started can finish, and nothing that was sent is lost.',
  },
  closed: {
    verb: 'Close',
    title: 'Close this study?',
    text: 'No new participants can start, and links say that the study is over. Results stay. You can reopen it.',
  },
}

/**
 * Opens a preview in a new tab, with a link that never counts. The tab is opened first, for browsers allow that only at
 * the click.
 */
async function openPreview(studyId: string): Promise<void> {
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

/** What can be done with a study now: the one next step, trying it out, and the rest; with the dialogs they open. */
export function useStudyActs(study: Study): { acts: StudyActs; dialogs: ReactNode; error: unknown } {
  const may = useMay()
  const navigate = useNavigate()
  const client = useQueryClient()
  const edit = may('study.edit', study)
  const { data: links } = useQuery({ ...linksQuery(study.studyId), enabled: edit })
  const draft = useContentDraft(study.studyId)
  const [target, setTarget] = useState<Exclude<StudyState, 'draft'>>()
  const [copying, setCopying] = useState(false)
  const [making, setMaking] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const go =
    (tab: string, hash = '') =>
    () =>
      void navigate({ to: `/studies/${study.studyId}/${tab}`, hash })
  const run = async (act: () => Promise<unknown>) => {
    setBusy(true)
    setError(undefined)
    try {
      await act()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  const move = (to: Exclude<StudyState, 'draft'>, label = moves[to].verb): Act => ({
    label,
    run: () => {
      setError(undefined)
      setTarget(to)
    },
  })
  const tryIt =
    edit && study.version > 0 && makesLinks(study.runtime)
      ? { label: 'Try it', run: () => void run(() => openPreview(study.studyId)) }
      : undefined
  const open = links?.some((l) => l.state === 'open' && l.kind !== 'preview')
  let next: Act | undefined
  const others: Act[] = []
  if (edit) {
    if (study.version === 0) next = { label: draft ? 'Review and publish' : 'Add content', run: go('content') }
    else if (study.state === 'draft') next = move('live')
    else if (study.state === 'paused') next = move('live', 'Resume')
    else if (study.state === 'live' && links && !open && makesLinks(study.runtime))
      next = { label: 'Make a link', run: go('links', 'make') }
    if (study.state === 'live') others.push(move('paused'))
    if (study.state === 'live' || study.state === 'paused') others.push(move('closed'))
    if (study.state === 'closed') others.push(move('live', 'Reopen'))
    if (study.version > 0 && may('studies.create', study))
      others.push({ label: 'Duplicate', run: () => setCopying(true) })
  }
  if (study.version > 0 && study.runtime !== 'jatos' && may('runs.open', study))
    others.push({ label: 'Make available for analysis', run: () => setMaking(true) })
  const dialogs = (
    <>
      <Modal opened={target !== undefined} onClose={() => setTarget(undefined)} title={target && moves[target].title}>
        {target && (
          <Stack>
            <Text size="sm">{moves[target].text}</Text>
            {target === 'live' && !open && makesLinks(study.runtime) && (
              <Text size="sm">There is no open link yet. Make one on the Links page afterwards.</Text>
            )}
            <ProblemNotice error={error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setTarget(undefined)}>
                Cancel
              </Button>
              <Button
                data-autofocus
                loading={busy}
                onClick={() =>
                  void run(async () => {
                    client.setQueryData(
                      ['study', study.studyId],
                      await api.studies.setState({
                        params: { studyId: study.studyId },
                        body: { state: target, rev: study.rev },
                      }),
                    )
                    setTarget(undefined)
                    void client.invalidateQueries({ queryKey: ['studies'] })
                  })
                }
              >
                {moves[target].verb}
              </Button>
            </Group>
          </Stack>
        )}
      </Modal>
      <MakeDataset study={study} opened={making} onClose={() => setMaking(false)} />
      <Duplicate key={study.title} study={study} opened={copying} onClose={() => setCopying(false)} />
    </>
  )
  return { acts: { next, tryIt, others, busy }, dialogs, error: target ? undefined : error }
}

function Duplicate({ study, opened, onClose }: { study: Study; opened: boolean; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [title, setTitle] = useState(`Copy of ${study.title}`.slice(0, 120))
  const [requestId] = useState(() => crypto.randomUUID())
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const copy = await api.studies.duplicate({ params: { studyId: study.studyId }, body: { title, requestId } })
      void client.invalidateQueries({ queryKey: ['studies'] })
      onClose()
      void navigate({ to: `/studies/${copy.studyId}/overview` })
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Duplicate this study">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void go()
        }}
      >
        <Stack>
          <Text size="sm">The copy has the newest version and the settings, but no links, people or runs.</Text>
          <TextInput
            label="Title of the copy"
            value={title}
            onChange={(e) => setTitle(e.currentTarget.value)}
            maxLength={120}
            required
            data-autofocus
          />
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy}>
              Duplicate
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

export const NextAction = ({ acts }: { acts: StudyActs }) => (
  <>
    {acts.tryIt && (
      <Button
        variant="default"
        leftSection={<IconPlayerPlay size={16} aria-hidden />}
        onClick={acts.tryIt.run}
        loading={acts.busy}
      >
        {acts.tryIt.label}
      </Button>
    )}
    {acts.next && <Button onClick={acts.next.run}>{acts.next.label}</Button>}
  </>
)
