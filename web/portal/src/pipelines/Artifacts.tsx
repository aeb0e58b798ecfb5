import { Anchor, Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { bytes, count } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { type Artifact, artifactQuery, artifactsQuery, type Run } from './data.ts'
import styles from './Artifacts.module.css'

const Preview = lazy(async () => ({ default: (await import('./Preview.tsx')).Preview }))
const atOnce = 6
const shownKinds = new Set(['image', 'plot', 'table', 'stack', 'volume', 'json'])

/** What a run left: pictures, tables, stacks and volumes to look at, everything to download. */
export function Artifacts({ run }: { run: Run }) {
  const { data, error, refetch } = useQuery(artifactsQuery(run.jobId, run.ended !== undefined))
  const [open, setOpen] = useState<ReadonlySet<string>>()
  if (run.ended === undefined) return <Text c="dimmed">Results appear here when the run has ended.</Text>
  if (!data) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={4} />
  if (data.items.length === 0) return <Text c="dimmed">It left nothing in its output folder.</Text>
  const first =
    open ??
    new Set(
      data.items
        .filter((a) => a.kind === 'image' || a.kind === 'plot' || a.kind === 'table')
        .slice(0, atOnce)
        .map((a) => a.path),
    )
  const toggle = (path: string) => {
    const next = new Set(first)
    if (!next.delete(path)) next.add(path)
    setOpen(next)
  }
  return (
    <>
      {data.leftOut > 0 && (
        <Text size="sm" mb="md" role="alert">
          {count(data.leftOut, 'file')} did not fit and {data.leftOut === 1 ? 'was' : 'were'} left out.
        </Text>
      )}
      <div className={styles.artifacts}>
        {data.items.map((artifact) => (
          <section key={artifact.path} className="panel" aria-label={artifact.title ?? artifact.path}>
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <div className="grow">
                <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
                  {artifact.title ?? artifact.path}
                </Text>
                <Text size="xs" c="dimmed">
                  {artifact.title ? `${artifact.path} · ` : ''}
                  {bytes(artifact.size)}
                  {artifact.zipped ? ' · in the archive' : ''}
                </Text>
              </div>
              <Group gap="xs" wrap="nowrap">
                {shownKinds.has(artifact.kind) && !artifact.zipped && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-expanded={first.has(artifact.path)}
                    onClick={() => toggle(artifact.path)}
                  >
                    {first.has(artifact.path) ? 'Hide' : 'Show'}
                  </Button>
                )}
                <Download run={run} artifact={artifact} />
              </Group>
            </Group>
            {first.has(artifact.path) && !artifact.zipped && (
              <Suspense fallback={<LoadingRows rows={3} />}>
                <Preview run={run} artifact={artifact} />
              </Suspense>
            )}
          </section>
        ))}
      </div>
    </>
  )
}

function Download({ run, artifact }: { run: Run; artifact: Artifact }) {
  const { data } = useQuery(artifactQuery(run.jobId, artifact.path))
  return data ? (
    <Anchor href={data.url} download={data.filename} size="sm" aria-label={`Download ${artifact.path}`}>
      Download
    </Anchor>
  ) : (
    <Text size="sm" c="dimmed">
      Download
    </Text>
  )
}
