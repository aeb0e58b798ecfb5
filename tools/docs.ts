/** `npm run docs`: writes the generated pages and files anew; `npm run check` compares them. */
import { node } from './steps.ts'

for (const file of ['tools/permissions.ts', 'tools/entities.ts', 'lib/cost.ts', 'web/study/catalogue.ts']) {
  const { code, output } = await node({ name: file, command: [file] })
  console.log(code === 0 ? `  ok      ${file}` : `  FAILED  ${file}\n${output}`)
  if (code !== 0) process.exitCode = 1
}
