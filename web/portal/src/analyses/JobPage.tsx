import { Anchor, Button, Group, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { type Acting, useAct, useMay, useMe } from '../hooks.ts'
import { DownloadMenu } from '../parts/DownloadMenu.tsx'
import { PageTabs } from '../parts/PageTabs.tsx'
import { languageName, modeName } from '../parts/policy-words.ts'
import { download } from '../parts/save.ts'
import { ResultTab } from './ResultTab.tsx'
import { jobLife } from '../../../../domain/jobs/life.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import { Approval, Inspect, TrialLog } from './Custodian.tsx'
import type { CodeHandle } from '../parts/job/CodeEditor.tsx'
import { type Job, jobQuery } from '../queries/jobs.ts'
import { Findings } from '../parts/job/Findings.tsx'
import { Question } from './Question.tsx'
import { Steps } from '../parts/job/Steps.tsx'
import { Thread } from './Thread.tsx'
import { kindWords, stateWord, waitingWords } from '../parts/job/words.ts'
import styles from './JobPage.module.css'

/**
 * One analysis: how it stands and the next step; what is happening; then what came back, what was asked, what the gate
 * found.
 */
export function JobPage() {
  const { jobId } = useParams({ strict: false }) as { jobId: string }
  const { data: job, error, refetch } = useQuery(jobQuery(jobId))
  if (!job)
    return (
      <Page title="Analysis" back={{ to: '/analyses', label: 'Analyses' }}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  return <Loaded key={jobId} job={job} />
}

function releaseWords({ mode, on }: Job): string {
  if (mode) return `, released by ${modeName[mode].toLowerCase()}`
  return on === 'twin' ? ', tried on the twin' : ''
}
const kindOf = (job: Job): string =>
  `${job.language ? languageName[job.language] : kindWords[job.kind]}${releaseWords(job)}`

/** Goes to a line of the question's code. The editor comes with its tab: the line is gone to once it is there. */
function useGoToLine(open: () => void): [editor: RefObject<CodeHandle | null>, goTo: (line: number) => void] {
  const editor = useRef<CodeHandle>(null)
  const [wanted, setWanted] = useState<number>()
  useEffect(() => {
    if (wanted === undefined) return
    const timer = setInterval(() => {
      if (!editor.current) return
      editor.current.showLine(wanted)
      setWanted(undefined)
    }, 50)
    return () => clearInterval(timer)
  }, [wanted])
  return [
    editor,
    (line) => {
      open()
      setWanted(line)
    },
  ]
}

/** What has ended may have changed lists, and the budget of its dataset. */
function useRefreshAtEnd({ datasetId }: Job, live: boolean): void {
  const client = useQueryClient()
  useEffect(() => {
    if (live) return
    void client.invalidateQueries({ queryKey: ['jobs'] })
    void client.invalidateQueries({ queryKey: ['dataset', datasetId] })
  }, [live, client, datasetId])
}

interface JobTab {
  name: string
  label: string
  part: () => ReactNode
}
function tabsOf(job: Job, live: boolean, editor: RefObject<CodeHandle | null>): JobTab[] {
  const trial = job.on === 'twin'
  const all: (JobTab & { shown: boolean })[] = [
    { name: 'result', label: 'Result', shown: job.hasResult, part: () => <ResultTab job={job} /> },
    { name: 'log', label: 'Log', shown: trial && !live, part: () => <TrialLog job={job} /> },
    {
      name: 'question',
      label: 'Question',
      shown: job.language !== undefined,
      part: () => <Question job={job} handle={editor} />,
    },
    {
      name: 'findings',
      label: 'Findings',
      shown: job.findings.length > 0,
      part: () => <Findings findings={job.findings} />,
    },
    { name: 'logs', label: 'Logs', shown: job.may.includes('inspect') && !trial, part: () => <Inspect job={job} /> },
  ]
  return all.filter(({ shown }) => shown)
}

function Loaded({ job }: { job: Job }) {
  const me = useMe()
  const may = useMay()
  const acting = useAct()
  const [chosen, choose] = useAddress('tab')
  const [editor, goToLine] = useGoToLine(() => choose('question'))
  const live = jobLife[job.state].live
  useRefreshAtEnd(job, live)
  const own = job.owner.userId === me.userId
  const mayAskAgain = own && job.language !== undefined
  const tabs = tabsOf(job, live, editor)
  const open = tabs.find(({ name }) => name === chosen) ?? tabs[0]
  return (
    <Page
      title={job.title}
      state={<StateBadge of="job" state={job.state} word={stateWord(job)} />}
      back={{ to: '/analyses', label: 'Analyses' }}
      hint={
        <>
          {kindOf(job)} ·{' '}
          <Anchor component={Link} to={`/datasets/${job.datasetId}/overview`} inherit underline="always">
            {job.dataset}
          </Anchor>
          {job.datasetVersion > 0 ? `, version ${job.datasetVersion}` : ''} · {own ? 'you' : job.owner.name},{' '}
          <RelativeTime at={job.created} />
        </>
      }
      action={<JobActs job={job} live={live} mayAskAgain={mayAskAgain} acting={acting} />}
    >
      <ProblemNotice error={acting.error} />
      {job.may.includes('approve') && job.waiting === 'approval' && <Approval job={job} />}
      <Waiting job={job} live={live} />
      <Thread job={job} />
      {(!job.hasResult || live) && (
        <div className={styles.narrow}>
          <Steps job={job} line={mayAskAgain ? goToLine : undefined} />
        </div>
      )}
      {open && (
        <PageTabs tabs={tabs} open={open.name} choose={choose} mt="lg">
          {open.part()}
        </PageTabs>
      )}
      {job.hasResult && !live && (
        <details className="legend">
          <summary>How it went</summary>
          <div className={styles.narrow}>
            <Steps job={job} />
          </div>
        </details>
      )}
      <Group gap="xs" mt="xl">
        <Text size="sm" c="dimmed">
          Analysis id
        </Text>
        <CopyId value={job.jobId} label="analysis id" />
        {may('audit.read') && (
          <Anchor component={Link} to="/audit" search={{ q: job.jobId } as never} size="sm">
            In the audit chain
          </Anchor>
        )}
      </Group>
    </Page>
  )
}

/** What it waits for, unless whoever looks is the one that it waits for. */
function Waiting({ job: { waiting, checks, may }, live }: { job: Job; live: boolean }) {
  if (!waiting || !live || waiting === 'answer' || may.includes('approve')) return null
  return (
    <Text mb="md" role="status" className="panel">
      {waitingWords[waiting]}
      {waiting === 'checkers' && checks ? ` ${checks.votes} of ${checks.needed} have voted.` : ''}
    </Text>
  )
}

function JobActs({
  job,
  live,
  mayAskAgain,
  acting: { busy, act },
}: {
  job: Job
  live: boolean
  mayAskAgain: boolean
  acting: Acting
}) {
  const client = useQueryClient()
  const { jobId, datasetId, hasResult } = job
  const cancel = () =>
    act('cancel', async () => client.setQueryData(['job', jobId], await api.jobs.cancel({ params: { jobId } })))
  return (
    <>
      {job.may.includes('check') && (
        <Button component={Link} to={`/checks/${jobId}`}>
          Check this output
        </Button>
      )}
      {mayAskAgain && !live && (
        <Button
          component={Link}
          to="/analyses/ask"
          search={{ dataset: datasetId, again: jobId } as never}
          variant={hasResult ? 'default' : 'filled'}
        >
          {hasResult ? 'Ask again with changes' : 'Edit and run again'}
        </Button>
      )}
      {hasResult && <Downloads jobId={jobId} busy={busy === 'download'} act={act} />}
      {live && job.may.includes('cancel') && (
        <Button variant="default" loading={busy === 'cancel'} onClick={() => void cancel()}>
          Stop it
        </Button>
      )}
    </>
  )
}

const formats = [
  { format: 'json', label: 'JSON', holds: 'Everything, with the release card' },
  { format: 'csv', label: 'CSV', holds: 'The tables' },
  { format: 'ro-crate', label: 'RO-Crate', holds: 'A Five Safes crate, to archive and cite' },
] as const

function Downloads({ jobId, busy, act }: { jobId: string; busy: boolean; act: Acting['act'] }) {
  const take = (format: (typeof formats)[number]['format']) =>
    act('download', async () => {
      const { url, filename } = await api.jobs.download({ params: { jobId, format } })
      download(url, filename)
    })
  return <DownloadMenu formats={formats} take={(format) => void take(format)} busy={busy} />
}
