"""The page of `cnncalc report`: one HTML file that explains a network, with its data, style and script inside.

`document` puts it together of the parts in the other modules. Everything can be read without the script, `report.js`,
which finds the layers in the data that `data` records.
"""
