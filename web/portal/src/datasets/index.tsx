export { DatasetsPage } from './DatasetsPage.tsx'
export { NewDatasetPage } from './NewDatasetPage.tsx'
export { DatasetPage } from './DatasetPage.tsx'
