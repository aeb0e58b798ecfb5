import { Box, Table, useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import type * as P from '@observablehq/plot'
import { useEffect, useRef, useState } from 'react'
import styles from './Plot.module.css'

/** Okabe and Ito's palette: told apart with every common colour vision. */
export const palette = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#999999'] as const
interface PlotTable {
  columns: readonly string[]
  rows: readonly (readonly (string | number)[])[]
}

/**
 * An Observable Plot, loaded when first shown, with its table behind it. `make` gets the library, the width in pixels
 * and the colours of the present scheme; `label` says in a sentence what the plot shows. Keep `make` stable
 * (useCallback) or it is drawn again.
 */
export function Plot({
  make,
  table,
  label,
  height = 200,
}: {
  make: (plot: typeof P, width: number, ink: string) => HTMLElement | SVGElement
  /** Left out where the page shows the table itself. */
  table?: PlotTable
  label: string
  height?: number
}) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const [library, setLibrary] = useState<typeof P>()
  const host = useRef<HTMLDivElement>(null)
  const dark = useComputedColorScheme('light') === 'dark'
  useEffect(() => {
    let here = true
    void import('@observablehq/plot').then((loaded) => {
      if (here) setLibrary(loaded)
    })
    return () => {
      here = false
    }
  }, [])
  useEffect(() => {
    if (!library || width === 0 || !host.current) return
    const drawn = make(library, width, dark ? '#dee2e6' : '#343a40')
    drawn.setAttribute('aria-hidden', 'true')
    host.current.replaceChildren(drawn)
  }, [library, make, width, dark])
  return (
    <figure className={styles.plot}>
      <div ref={ref} role="img" aria-label={label}>
        <Box ref={host} style={{ minHeight: height }} />
      </div>
      {table && (
        <details>
          <summary>Show as a table</summary>
          <Table.ScrollContainer minWidth={200}>
            <Table className="figures">
              <Table.Thead>
                <Table.Tr>
                  {table.columns.map((column) => (
                    <Table.Th key={column}>{column}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {table.rows.map((row, index) => (
                  <Table.Tr key={index}>
                    {row.map((value, column) => (
                      <Table.Td key={column}>{value}</Table.Td>
                    ))}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </details>
      )}
    </figure>
  )
}
