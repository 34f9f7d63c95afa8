"""Write digits.npz: the 1,797 digits of 8×8 px, 16 shades, that scikit-learn brings."""

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
pictures = (digits.images / 16 * 255).round().astype(np.uint8)
np.savez("digits.npz", images=pictures, labels=digits.target.astype(np.int64))
print(f"digits.npz: {len(pictures)} pictures of {pictures.shape[2]}×{pictures.shape[1]} px")
