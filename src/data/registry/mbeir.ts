import { IMAGE_TO_TEXT, imageDataset, TEXT_TO_IMAGE } from './images.ts'
import type { DatasetInfo } from './types.ts'

/**
 * M-BEIR's tasks (Wei et al. 2023, arXiv:2311.17136) that go both ways between text and image, each over its own candidates (the
 * local pool); COCO is among the caption sets. Commits and counts as in MTEB's tasks and descriptive statistics. R@5 leads M-BEIR's
 * tables, R@10 those of Fashion200K.
 */
export const MBEIR: readonly DatasetInfo[] = [
  imageDataset({
    family: 'mbeir',
    name: 'visualnews-t2i',
    title: 'VisualNews, caption to image',
    hub: { repo: 'MRBench/mbeir_visualnews_task0', revision: '94c519d850dba2b0058c2fc9b5da6142a59aa285' },
    documents: 542_246,
    queries: 19_995,
    judgments: 20_000,
    sides: TEXT_TO_IMAGE,
    measures: ['R@5', 'nDCG@10'],
    licence: 'research use; the hub’s page says CC-BY-SA-4.0',
    unverified: ['licence'],
  }),
  imageDataset({
    family: 'mbeir',
    name: 'visualnews-i2t',
    title: 'VisualNews, image to caption',
    hub: { repo: 'MRBench/mbeir_visualnews_task3', revision: 'aaee58895a66e4d619168849267ed2bb40d37043' },
    documents: 537_568,
    queries: 20_000,
    judgments: 20_000,
    sides: IMAGE_TO_TEXT,
    measures: ['R@5', 'nDCG@10'],
    licence: 'research use; the hub’s page says CC-BY-SA-4.0',
    unverified: ['licence'],
  }),
  imageDataset({
    family: 'mbeir',
    name: 'fashion200k-t2i',
    title: 'Fashion200K, description to image',
    hub: { repo: 'MRBench/mbeir_fashion200k_task0', revision: '1b86e2dde50e671d5c83d07a79e8b1d8c696964b' },
    documents: 201_824,
    queries: 1_719,
    judgments: 4_847,
    sides: TEXT_TO_IMAGE,
    measures: ['R@10', 'nDCG@10'],
    licence: 'Apache-2.0, as MTEB states it',
  }),
  imageDataset({
    family: 'mbeir',
    name: 'fashion200k-i2t',
    title: 'Fashion200K, image to description',
    hub: { repo: 'MRBench/mbeir_fashion200k_task3', revision: '96a313715ecf67f5dfe70c4fa52406bc7bdfbeee' },
    documents: 61_707,
    queries: 4_889,
    judgments: 4_889,
    sides: IMAGE_TO_TEXT,
    measures: ['R@10', 'nDCG@10'],
    licence: 'Apache-2.0, as MTEB states it',
  }),
]
