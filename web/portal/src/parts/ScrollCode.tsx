import { ScrollArea } from '@mantine/core'
import styles from './ScrollCode.module.css'

/**
 * Code, or text as it was written, in a region that is scrolled with the keyboard too; `label` names it. `wrap` breaks
 * long lines instead of scrolling them.
 */
export const ScrollCode = ({
  text,
  label,
  wrap = false,
  mah = 360,
}: {
  text: string
  label: string
  wrap?: boolean
  mah?: number
}) => (
  <ScrollArea.Autosize
    mah={mah}
    type="auto"
    offsetScrollbars="present"
    className={styles.scrollcode}
    data-wrap={wrap || undefined}
    viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': label }}
  >
    <pre>{text}</pre>
  </ScrollArea.Autosize>
)
