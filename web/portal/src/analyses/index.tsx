export { AnalysesPage } from './AnalysesPage.tsx'
export { AskPage } from './AskPage.tsx'
export { JobPage } from './JobPage.tsx'
