import { spansOf, type Span } from './ansi.ts'
import type { Line } from './log-buffer.ts'
import logStyles from './log.module.css'

const clock = (time: number): string => {
  const at = new Date(time)
  return `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
const lookOf = (span: Span): React.CSSProperties => ({
  ...(typeof span.ink === 'string' ? { color: span.ink } : {}),
  ...(typeof span.ground === 'string' ? { background: span.ground } : {}),
})
const classOf = (span: Span): string =>
  [
    span.bold && logStyles.b,
    span.dim && logStyles.d,
    span.italic && logStyles.i,
    span.underline && logStyles.u,
    typeof span.ink === 'number' && logStyles[`ink${span.ink}`],
    typeof span.ground === 'number' && logStyles[`ground${span.ground}`],
  ]
    .filter(Boolean)
    .join(' ')

/** The text with what is searched for marked. */
function Marked({ text, find }: { text: string; find: string }) {
  if (!find) return text
  const parts: React.ReactNode[] = []
  const low = text.toLowerCase()
  const wanted = find.toLowerCase()
  let at = 0
  for (let i = low.indexOf(wanted); i >= 0 && parts.length < 200; i = low.indexOf(wanted, at)) {
    parts.push(text.slice(at, i), <mark key={i}>{text.slice(i, i + wanted.length)}</mark>)
    at = i + wanted.length
  }
  return (
    <>
      {parts}
      {text.slice(at)}
    </>
  )
}
/** One line of the log, as the program coloured it. */
export const LogText = ({ line, find, times }: { line: Line; find: string; times: boolean }) => (
  <>
    {times && <span className={logStyles.time}>{clock(line.t)}</span>}
    <Said line={line} find={find} />
  </>
)

function Said({ line, find }: { line: Line; find: string }) {
  if (line.metric !== undefined)
    return (
      <span className={logStyles.d}>
        <Marked text={line.metric} find={find} />
      </span>
    )
  if (line.step !== undefined)
    return (
      <strong>
        <Marked text={line.step} find={find} />
      </strong>
    )
  return spansOf(line.x).map((span, index) => (
    <span key={index} className={classOf(span) || undefined} style={lookOf(span)}>
      <Marked text={span.text} find={find} />
    </span>
  ))
}
