import { Text } from '@mantine/core'
import type { Job } from '../../queries/jobs.ts'
import { RelativeTime } from '../RelativeTime.tsx'
import styles from './QuestionsAndAnswers.module.css'

type Question = NonNullable<Job['checks']>['questions'][number]

/** Questions of the checkers and the analyst's answers, in order; checkers stay nameless. */
export const QuestionsAndAnswers = ({ items }: { items: readonly Question[] }) => (
  <ol className={styles.thread} aria-label="Questions and answers">
    {items.map((item, index) => (
      <li key={index} data-by={item.by}>
        <Text size="xs" c="dimmed">
          {item.by === 'checker' ? 'A checker asked' : 'The analyst answered'}, <RelativeTime at={item.at} />
        </Text>
        <Text size="sm" className="prose">
          {item.text}
        </Text>
      </li>
    ))}
  </ol>
)
