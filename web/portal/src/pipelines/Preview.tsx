import { Slider, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { palette, Plot } from '../parts/Plot.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import { type Artifact, artifactQuery, type Run } from './data.ts'
import { parseCsv } from './csv.ts'
import { niftiSlices, type Slices, tiffSlices } from './slices.ts'
import styles from './Preview.module.css'

/** More of a table or a text than this is not fetched to be shown; more of a stack or volume neither. */
const headBytes = 2 * 1024 ** 2
const stackBytes = 200 * 1024 ** 2
const ranged = async (url: string, most: number): Promise<Uint8Array> => {
  const response = await fetch(url, { headers: { range: `bytes=0-${most - 1}` } })
  if (!response.ok) throw new Error(`The file could not be fetched (${response.status}).`)
  return new Uint8Array(await response.arrayBuffer()).subarray(0, most)
}

/** One artifact, as its kind is best looked at. */
export function Preview({ run, artifact }: { run: Run; artifact: Pick<Artifact, 'path' | 'kind' | 'size'> }) {
  const link = useQuery(artifactQuery(run.jobId, artifact.path))
  const whole = artifact.kind === 'stack' || artifact.kind === 'volume'
  const fetched = useQuery({
    queryKey: ['artifact-bytes', run.jobId, artifact.path],
    enabled:
      link.data !== undefined &&
      artifact.kind !== 'image' &&
      artifact.kind !== 'plot' &&
      artifact.kind !== 'file' &&
      (!whole || artifact.size <= stackBytes),
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: () => ranged(link.data!.url, whole ? stackBytes : headBytes),
  })
  if (link.error ?? fetched.error)
    return <ProblemNotice error={link.error ?? fetched.error} title="It cannot be shown" />
  if ((artifact.kind === 'image' || artifact.kind === 'plot') && link.data)
    return <img src={link.data.url} alt={artifact.path} className={styles.artifact} loading="lazy" />
  if (whole && artifact.size > stackBytes)
    return (
      <Text size="sm" c="dimmed" mt="xs">
        Too large to look at here; download it.
      </Text>
    )
  if (!fetched.data) return <LoadingRows rows={3} />
  if (artifact.kind === 'table')
    return <TableHead bytes={fetched.data} whole={fetched.data.length >= artifact.size} path={artifact.path} />
  if (artifact.kind === 'json') return <ScrollCode text={jsonText(fetched.data)} label={artifact.path} mah={320} />
  return <Stack bytes={fetched.data} kind={artifact.kind} path={artifact.path} />
}

function jsonText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  try {
    return JSON.stringify(JSON.parse(text), null, 1).slice(0, 100_000)
  } catch {
    return text.slice(0, 100_000)
  }
}

const mostSeries = 12
const mostPoints = 4000
/** The head of a table, and its numbers over its first column. */
function TableHead({ bytes, whole, path }: { bytes: Uint8Array; whole: boolean; path: string }) {
  const { columns, rows } = useMemo(() => parseCsv(new TextDecoder().decode(bytes), whole), [bytes, whole])
  const series = useMemo(
    () =>
      columns
        .slice(1)
        .map((name, i) => ({ name, at: i + 1 }))
        .filter(
          ({ at }) =>
            rows.length > 2 && rows.every((r) => r[at] === '' || r[at] === undefined || Number.isFinite(Number(r[at]))),
        )
        .slice(0, mostSeries),
    [columns, rows],
  )
  const numeric = series.length > 0 && rows.every((r) => Number.isFinite(Number(r[0])))
  const make = useCallback(
    (plot: typeof import('@observablehq/plot'), width: number, ink: string) => {
      const step = Math.max(1, Math.ceil((rows.length * series.length) / (mostPoints * 4)))
      // Traces of cells lie over each other: each gets a row of its own when there are several of one kind.
      const data = series.flatMap((point) =>
        rows.flatMap((r, i) =>
          i % step === 0 && r[point.at] !== '' ? [{ x: Number(r[0]), y: Number(r[point.at]), of: point.name }] : [],
        ),
      )
      const many = series.length > 3
      return plot.plot({
        width,
        height: many ? 70 + 42 * series.length : 220,
        marginLeft: 56,
        marginBottom: 40,
        marginRight: many ? 70 : 20,
        style: { color: ink, fontSize: '12px' },
        x: { label: columns[0] ?? null },
        y: { label: null, grid: !many, ...(many ? { axis: null } : {}) },
        color: {
          legend: !many && series.length > 1,
          domain: series.map((s) => s.name),
          range: series.map((_, i) => palette[i % palette.length]!),
        },
        ...(many ? { fy: { label: null, domain: series.map((s) => s.name) } } : {}),
        marks: [plot.lineY(data, { x: 'x', y: 'y', stroke: 'of', strokeWidth: 1.2, ...(many ? { fy: 'of' } : {}) })],
      }) as HTMLElement
    },
    [rows, series, columns],
  )
  return (
    <>
      {numeric && (
        <Plot
          make={make}
          height={200}
          label={`${series.length} ${series.length === 1 ? 'column' : 'columns'} of ${path} over ${columns[0]}`}
        />
      )}
      <details className="legend" open={!numeric || undefined}>
        <summary>{whole ? `${rows.length.toLocaleString('en')} rows` : 'First rows'}</summary>
        <Table.ScrollContainer minWidth={300} mah={320}>
          <Table className="figures rows">
            <Table.Thead>
              <Table.Tr>
                {columns.slice(0, 30).map((column, index) => (
                  <Table.Th key={index}>{column}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.slice(0, 50).map((row, index) => (
                <Table.Tr key={index}>
                  {row.slice(0, 30).map((value, column) => (
                    <Table.Td key={column}>{value}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </details>
    </>
  )
}

/** A stack of images or a volume, one slice at a time. */
function Stack({ bytes, kind, path }: { bytes: Uint8Array; kind: string; path: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [slices, setSlices] = useState<Slices>()
  const [error, setError] = useState<unknown>()
  const [at, setAt] = useState(0)
  useEffect(() => {
    let here = true
    ;(kind === 'volume' ? niftiSlices(bytes) : tiffSlices(bytes)).then(
      (loaded) => {
        if (here) {
          setSlices(loaded)
          setAt(kind === 'volume' ? Math.floor(loaded.count / 2) : 0)
        }
      },
      (error: unknown) => {
        if (here) setError(error)
      },
    )
    return () => {
      here = false
    }
  }, [bytes, kind])
  useEffect(() => {
    const context = canvas.current
    if (!slices || !context) return
    context.width = slices.width
    context.height = slices.height
    context.getContext('2d')!.putImageData(new ImageData(slices.draw(at), slices.width, slices.height), 0, 0)
  }, [slices, at])
  if (error) return <ProblemNotice error={error} title="It cannot be shown" />
  if (!slices) return <LoadingRows rows={3} />
  return (
    <div className={styles.stack}>
      <canvas
        ref={canvas}
        className={styles.artifact}
        role="img"
        aria-label={`${path}, slice ${at + 1} of ${slices.count}`}
      />
      {slices.count > 1 && (
        <Slider
          mt="xs"
          min={0}
          max={slices.count - 1}
          value={at}
          onChange={setAt}
          label={(v) => `${v + 1} of ${slices.count}`}
          thumbLabel="Slice"
        />
      )}
    </div>
  )
}
