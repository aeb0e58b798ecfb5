import { useCallback } from 'react'
import { Plot } from '../../parts/Plot.tsx'
import type { Sample } from './log-buffer.ts'
import styles from './Usage.module.css'

type Lib = typeof import('@observablehq/plot')

/**
 * Processor and memory over the time of the run, from samples every two seconds. `samples` is a new array when there is
 * more.
 */
export function Usage({ samples, memoryMb }: { samples: readonly Sample[]; memoryMb: number }) {
  const draw = useCallback(
    (plot: Lib, width: number, ink: string, of: 'cpu' | 'memory') => {
      const from = samples[0]?.t ?? 0
      const data = samples.map((s) => ({ at: (s.t - from) / 1000, y: of === 'cpu' ? s.cpu : s.memory / 1048576 }))
      const colour = of === 'cpu' ? '#0072B2' : '#009E73'
      return plot.plot({
        width,
        height: 158,
        marginLeft: 52,
        marginBottom: 38,
        style: { color: ink, fontSize: '12px' },
        x: { label: 'Seconds' },
        y: { label: of === 'cpu' ? 'Processor (% of one)' : 'Memory (MB)', grid: true, zero: true },
        marks: [
          plot.areaY(data, { x: 'at', y: 'y', fill: colour, fillOpacity: 0.15 }),
          plot.lineY(data, { x: 'at', y: 'y', stroke: colour }),
          ...(of === 'memory' ? [plot.ruleY([memoryMb], { stroke: '#D55E00', strokeDasharray: '4 3' })] : []),
        ],
      })
    },
    [samples, memoryMb],
  )
  const cpu = useCallback((P: Lib, w: number, ink: string) => draw(P, w, ink, 'cpu'), [draw])
  const memory = useCallback((P: Lib, w: number, ink: string) => draw(P, w, ink, 'memory'), [draw])
  if (samples.length < 2) return null
  const last = samples.at(-1)!
  return (
    <div className={styles.pair2}>
      <Plot make={cpu} height={158} label={`Processor, now ${Math.round(last.cpu)} % of one`} />
      <Plot make={memory} height={158} label={`Memory, now ${Math.round(last.memory / 1048576)} of ${memoryMb} MB`} />
    </div>
  )
}
