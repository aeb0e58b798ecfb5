import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { makesLinks } from '../../../../domain/studies/life.ts'
import { type Study, useMay } from '../hooks.ts'
import { linksQuery } from '../queries/studies.ts'
import { api } from '../session/session.ts'
import { useContentDraft } from './draft.ts'
import { Duplicate } from './Duplicate.tsx'
import { MakeDataset } from './MakeDataset.tsx'
import { openPreview } from './preview.ts'
import { StateDialog } from './StateDialog.tsx'
import { actsOf, type Deed, type StudyAct, type Target } from './study-acts.ts'

interface Act {
  label: string
  run: () => void
}
/** What can be done with a study now, ready to be done. */
export interface StudyActs {
  next: Act | undefined
  tryIt: Act | undefined
  others: Act[]
  busy: boolean
}

/** What can be done with a study now: the one next step, trying it out, and the rest; with the dialogs they open. */
export function useStudyActs(study: Study): { acts: StudyActs; dialogs: ReactNode; error: unknown } {
  const { studyId, rev } = study
  const may = useMay()
  const navigate = useNavigate()
  const client = useQueryClient()
  const edit = may('study.edit', study)
  const { data: links } = useQuery({ ...linksQuery(studyId), enabled: edit })
  const draft = useContentDraft(studyId)
  const [target, setTarget] = useState<Target>()
  const [copying, setCopying] = useState(false)
  const [making, setMaking] = useState(false)
  const { busy, error, run, forgetError } = useTrying()
  const hasOpenLink = links?.some((link) => link.state === 'open' && link.kind !== 'preview')

  const perform = (deed: Deed): void => {
    switch (deed.kind) {
      case 'move':
        forgetError()
        return setTarget(deed.to)
      case 'go':
        return void navigate({ to: `/studies/${studyId}/${deed.tab}`, hash: deed.hash ?? '' })
      case 'preview':
        return void run(() => openPreview(studyId))
      case 'duplicate':
        return setCopying(true)
      case 'make-dataset':
        return setMaking(true)
    }
  }
  const setState = async (state: Target): Promise<void> => {
    client.setQueryData(['study', studyId], await api.studies.setState({ params: { studyId }, body: { state, rev } }))
    setTarget(undefined)
    void client.invalidateQueries({ queryKey: ['studies'] })
  }
  const ready = ({ label, deed }: StudyAct): Act => ({ label, run: () => perform(deed) })

  const { next, tryIt, others } = actsOf({
    study,
    may: { edit, create: may('studies.create', study), open: may('runs.open', study) },
    hasOpenLink,
    hasDraft: Boolean(draft),
  })
  const dialogs = (
    <>
      <StateDialog
        target={target}
        linkMissing={!hasOpenLink && makesLinks(study.runtime)}
        busy={busy}
        error={error}
        confirm={(state) => void run(() => setState(state))}
        onClose={() => setTarget(undefined)}
      />
      <MakeDataset study={study} opened={making} onClose={() => setMaking(false)} />
      <Duplicate key={study.title} study={study} opened={copying} onClose={() => setCopying(false)} />
    </>
  )
  return {
    acts: { next: next && ready(next), tryIt: tryIt && ready(tryIt), others: others.map(ready), busy },
    dialogs,
    error: target ? undefined : error,
  }
}

/** Runs one act at a time and keeps what it failed of until the next. */
function useTrying() {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const run = async (act: () => Promise<unknown>): Promise<void> => {
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
  return { busy, error, run, forgetError: () => setError(undefined) }
}
