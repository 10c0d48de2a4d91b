import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Study } from './data.ts'
import type { View } from './view.ts'

export interface Report {
  readonly study: Study
  readonly view: View
  /** Changes what is shown, and the address with it. */
  update(change: Partial<View>): void
  /** The address of the page with this change. */
  link(change: Partial<View>): string
}

export const ReportContext = createContext<Report | null>(null)

export function useReport(): Report {
  const report = useContext(ReportContext)
  if (report === null) throw new Error('no report around this part')
  return report
}
