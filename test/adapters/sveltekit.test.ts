import { runAdapterSuite, runAdapterSuiteIn } from './run.ts'

runAdapterSuite('sveltekit2')
runAdapterSuiteIn('node24', 'sveltekit')
