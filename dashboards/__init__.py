"""What people see. Reads published files and `pacific_parcels.settings`, nothing else."""

import pandas as pd

# A page holds some hundred short words. As Arrow arrays, which pandas makes of text by itself, they take half
# as long again to draw.
pd.options.mode.string_storage = "python"
