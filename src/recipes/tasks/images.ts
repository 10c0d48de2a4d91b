/** Where the wordings come from: M-BEIR's and MMEB's instructions, as MTEB's tasks give them to models. */
export const IMAGE_SOURCE = 'M-BEIR (Wei et al. 2023, arXiv:2311.17136) and MMEB (arXiv:2410.05160), as in MTEB’s tasks'

const COCO_IMAGE = 'Identify the image showcasing the described everyday scene.'
const COCO_CAPTION = 'Find an image caption describing the following everyday image.'
const NEWS_IMAGE = 'Retrieve an image of this news caption.'
const NEWS_CAPTION = 'Find a caption for the news in the given photo.'
const PAGE = "Find a screenshot that relevant to the user's question."

/** Task instructions for sets with images by the registry's names; ViDoRe's is the same for all its sets. */
export const IMAGE_TASKS: Readonly<Record<string, string>> = {
  'flickr30k-t2i': 'Find an image that matches the given caption.',
  'flickr30k-i2t': 'Find an image caption describing the following image.',
  'coco-t2i': COCO_IMAGE,
  'coco-i2t': COCO_CAPTION,
  vidore: PAGE,
  'mbeir-visualnews-t2i': NEWS_IMAGE,
  'mbeir-visualnews-i2t': NEWS_CAPTION,
  'mbeir-fashion200k-t2i': 'Based on the following fashion description, retrieve the best matching image.',
  'mbeir-fashion200k-i2t': 'Find a product description for the fashion item in the image.',
  'mmeb-mscoco-t2i': COCO_IMAGE,
  'mmeb-mscoco-i2t': COCO_CAPTION,
  'mmeb-visualnews-t2i': NEWS_IMAGE,
  'mmeb-visualnews-i2t': NEWS_CAPTION,
}
