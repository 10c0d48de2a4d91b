export { adjust, CORRECTIONS, type Correction } from './adjust.ts'
export { type Bootstrap, bootstrap, quantile } from './bootstrap.ts'
export {
  comparePaired,
  type PairedComparison,
  type PairedSettings,
  pairedDifferences,
  TESTS,
  type Test,
} from './compare.ts'
export { cohensDz, meanOf, standardDeviation } from './moments.ts'
export { type RandomWords, randomWords } from './random.ts'
export { type Randomisation, type ResamplingOptions, randomisationTest } from './randomisation.ts'
export { type SignTest, signTest } from './sign-test.ts'
export { type TTest, tTest } from './t-test.ts'
export { type Wilcoxon, wilcoxon, type ZeroTreatment } from './wilcoxon.ts'
